import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { laptopClock } from '../../local/clock.ts';
import { openWorld, upload, type World } from './open-world.ts';
import { putSecret } from './put-secret.ts';

// The key that signs links is replaced while links are out, in the way the runbook says.

const clock = laptopClock();
let world: World;

beforeAll(async () => {
  world = await openWorld({ outdir: inject('outdir'), clock });
});
afterAll(() => world?.close());

const minute = 60_000;

const rotate = () => putSecret(world, 'Signing', randomBytes(32).toString('hex'));

async function doneTask(): Promise<string> {
  const { body } = await world.create({
    ...{ prompt: 'Make it last', size: '768x768' },
    image_uploads: [{ content_type: 'image/jpeg' }],
  });
  await upload(body.uploads[0], readFileSync('cli/sample.jpg'));
  return (await world.ended(body.id)).id;
}

const linkTo = async (id: string): Promise<string> =>
  (await world.call('GET', `/v1/tasks/${id}`)).body.results[0];
const statusOf = async (link: string) => (await fetch(link, { redirect: 'manual' })).status;

test('links live on through a rotation, new ones work at once, and a second rotation ends the first', async () => {
  const id = await doneTask();
  const old = await linkTo(id);
  expect(await statusOf(old)).toBe(302);

  await rotate();
  expect(await statusOf(old)).toBe(302);

  clock.forward(5 * minute);
  const fresh = await linkTo(id);
  expect(new URL(fresh).search).not.toBe(new URL(old).search);
  expect([await statusOf(fresh), await statusOf(old)]).toEqual([302, 302]);

  world.lambda.renew();
  expect([await statusOf(fresh), await statusOf(old)]).toEqual([302, 302]);

  await rotate();
  clock.forward(5 * minute);
  expect([await statusOf(fresh), await statusOf(old)]).toEqual([302, 403]);
});
