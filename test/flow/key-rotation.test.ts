import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { fakeClock } from '../support/clock.ts';
import { openStack, type TestStack, upload } from './open-stack.ts';
import { putSecret } from './put-secret.ts';

// The key that signs result links is rotated as the runbook says, while signed links are in use.

const clock = fakeClock();
let stack: TestStack;

beforeAll(async () => {
  stack = await openStack({ outdir: inject('outdir'), clock });
});
afterAll(() => stack?.close());

const minute = 60_000;

const rotate = () => putSecret(stack, 'Signing', randomBytes(32).toString('hex'));

async function completedTask(): Promise<string> {
  const { body } = await stack.create({
    prompt: 'Make it last',
    size: '768x768',
    image_uploads: [{ content_type: 'image/jpeg' }],
  });
  await upload(body.uploads[0], readFileSync('cli/sample.jpg'));
  return (await stack.endedTask(body.id)).id;
}

const linkTo = async (id: string): Promise<string> =>
  (await stack.call('GET', `/v1/tasks/${id}`)).body.results[0];
const statusOf = async (link: string) => (await fetch(link, { redirect: 'manual' })).status;

test('a link outlives one rotation of the signing key, and is refused after the second', async () => {
  const id = await completedTask();
  const oldLink = await linkTo(id);
  expect(await statusOf(oldLink)).toBe(302);

  await rotate();
  expect(await statusOf(oldLink)).toBe(302);

  clock.advance(5 * minute);
  const newLink = await linkTo(id);
  expect(new URL(newLink).search).not.toBe(new URL(oldLink).search);
  expect([await statusOf(newLink), await statusOf(oldLink)]).toEqual([302, 302]);

  stack.lambda.recycle();
  expect([await statusOf(newLink), await statusOf(oldLink)]).toEqual([302, 302]);

  await rotate();
  clock.advance(5 * minute);
  expect([await statusOf(newLink), await statusOf(oldLink)]).toEqual([302, 403]);
});
