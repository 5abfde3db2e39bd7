import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { functionsOf } from '../../local/template/read-functions.ts';
import { logTripwire } from './log-tripwire.ts';
import { openWorld } from './open-world.ts';

const line = (said: unknown) => JSON.stringify({ level: 'INFO', message: 'task.made', said });
const leaking = `
import { handler as answer } from './original.mjs';
export const handler = (event) => {
  console.log(JSON.stringify({ message: 'health.asked', by: event.headers.authorization }));
  return answer(event);
};`;
const signature = 'G8uvDNURemAa1YGBCBwD2DcFrKizXdzeDGEdzv6-YiU';

test.each([
  ['an API key', `Bearer sk-dr-${'x'.repeat(43)}`],
  ['a webhook secret', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  ['a presigned request', 'https://s3/x?X-Amz-Credential=AKIA%2F20260101&X-Amz-Date=1'],
  ['a presigned request', 'https://s3/x?x-amz-signature=00'],
  ['a presigned request', { 'X-Amz-Security-Token': 'FwoGZXIvYXdzE' }],
  ['a presigned request', { Policy: 'eyJleHBpcmF0aW9uIjoiMjAyNiJ9' }],
  ['a signature of a link', 'https://a.b/v1/results/t/1?expires=1&signature=a'],
  ['a signature of a link', signature],
  ['a task token', 'A'.repeat(128)],
  ['a prompt', 'failed for: make my cat a "king"\nof spades'],
  ['a prompt', 'no dogs, please'],
  ['metadata', { order: 'order-of-anna' }],
  ['a query of an address', 'POST https://a.b/hook?token=12345 failed'],
  ['a query of an address', 'GET https://a.b/cat.png?sig=67890'],
  ['a secret', 'the key 7f]&2kd93 is wrong'],
])('%s in a line is found, and the complaint does not repeat it: %j', (kind, said) => {
  const tripwire = logTripwire();
  tripwire.add('a secret', '7f]&2kd93');
  tripwire.answered(`{"results":["https://a.b/v1/results/t/1?expires=1&signature=${signature}"]}`);
  tripwire.hear({
    ...{ prompt: 'make my cat a "king"\nof spades', negative_prompt: 'no dogs, please' },
    ...{ metadata: { order: 'order-of-anna' }, image_urls: ['https://a.b/cat.png?sig=67890'] },
    callback_url: 'https://a.b/hook?token=12345',
  });

  expect(tripwire.complaint('Paint', line(said))).toBe(`Paint printed ${kind} in "task.made"`);
  expect(tripwire.complaint('Paint', `oops ${JSON.stringify(said)}`)).toBe(
    `Paint printed ${kind} in a line without an event`,
  );
});

test.each([
  line({ taskId: 'task-unified-1757156493-imcg5zqt', code: 'invalid_request', status: 400 }),
  line({ name: 'Error', place: ['    at handler (file:///var/task/index.mjs:1:2000)'] }),
  '',
])('an ordinary line is left alone: %s', (ordinary) => {
  const tripwire = logTripwire();
  tripwire.hear('{"prompt":"x","metadata":{"a":"b"}');
  tripwire.hear({ prompt: 7, metadata: null, image_urls: 'none', callback_url: 'https://a.b/' });

  expect(tripwire.complaint('Paint', ordinary)).toBeUndefined();
});

test('a world in which a function prints the key of its caller cannot be closed without a word', async () => {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-leak-'));
  onTestFinished(() => rmSync(outdir, { recursive: true, force: true }));
  cpSync(inject('outdir'), outdir, { recursive: true });
  const world = await openWorld({ outdir });
  // Nobody has asked for it yet, so it is not loaded.
  const health = functionsOf(world.context).find(({ name }) => name.includes('Health'));
  const bundle = join(health?.directory ?? '', 'index.mjs');
  renameSync(bundle, join(health?.directory ?? '', 'original.mjs'));
  writeFileSync(bundle, leaking);

  const { status } = await world.call('GET', '/healthz');

  const closed: unknown = await world.close().then(
    () => 'closed',
    (thrown: unknown) => thrown,
  );

  expect(status).toBe(200);
  expect(String(closed)).toMatch(
    /^Error: The log tells secrets:\nDarkroom\S*Health\S* printed an API key in "health.asked"$/,
  );
  expect(String(closed)).not.toContain(world.keys.apiKey);
});
