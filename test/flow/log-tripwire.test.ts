import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { functionsOf } from '../../local/aws/template/read-functions.ts';
import { logTripwire } from './log-tripwire.ts';
import { openStack } from './open-stack.ts';

const line = (details: unknown) =>
  JSON.stringify({ level: 'INFO', message: 'task.created', details });
const leaking = `
const { handler: respond } = require('./original.cjs');
exports.handler = (event) => {
  console.log(JSON.stringify({ message: 'health.checked', by: event.headers.authorization }));
  return respond(event);
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
  ['the query of a URL', 'POST https://a.b/hook?token=12345 failed'],
  ['the query of a URL', 'GET https://a.b/cat.png?sig=67890'],
  ['a secret', 'the key 7f]&2kd93 is wrong'],
])('%s in a line is found, and the message does not repeat it: %j', (kind, details) => {
  const tripwire = logTripwire();
  tripwire.add('a secret', '7f]&2kd93');
  tripwire.addResponse(
    `{"results":["https://a.b/v1/results/t/1?expires=1&signature=${signature}"]}`,
  );
  tripwire.addRequest({
    prompt: 'make my cat a "king"\nof spades',
    negative_prompt: 'no dogs, please',
    metadata: { order: 'order-of-anna' },
    image_urls: ['https://a.b/cat.png?sig=67890'],
    callback_url: 'https://a.b/hook?token=12345',
  });

  expect(tripwire.problemIn('Submit', line(details))).toBe(
    `Submit printed ${kind} in "task.created"`,
  );
  expect(tripwire.problemIn('Submit', `oops ${JSON.stringify(details)}`)).toBe(
    `Submit printed ${kind} in a line without an event`,
  );
});

test.each([
  line({ taskId: 'task-unified-1757156493-imcg5zqt', code: 'invalid_request', status: 400 }),
  line({ name: 'Error', place: ['    at handler (file:///var/task/index.cjs:1:2000)'] }),
  '',
])('a line without secrets passes: %s', (harmless) => {
  const tripwire = logTripwire();
  tripwire.addRequest('{"prompt":"x","metadata":{"a":"b"}');
  tripwire.addRequest({
    prompt: 7,
    metadata: null,
    image_urls: 'none',
    callback_url: 'https://a.b/',
  });

  expect(tripwire.problemIn('Submit', harmless)).toBeUndefined();
});

test('closing a stack in which a function has logged an API key throws', async () => {
  const outdir = mkdtempSync(join(tmpdir(), 'darkroom-leak-'));
  onTestFinished(() => rmSync(outdir, { recursive: true, force: true }));
  cpSync(inject('outdir'), outdir, { recursive: true });
  const stack = await openStack({ outdir });
  // The function has not been invoked yet, so its bundle is not loaded.
  const service = functionsOf(stack.context).find(({ name }) => name.includes('Service'));
  const bundle = join(service?.directory ?? '', 'index.cjs');
  renameSync(bundle, join(service?.directory ?? '', 'original.cjs'));
  writeFileSync(bundle, leaking);

  const { status } = await stack.call('GET', '/healthz');

  const closed: unknown = await stack.close().then(
    () => 'closed',
    (thrown: unknown) => thrown,
  );

  expect(status).toBe(200);
  expect(String(closed)).toMatch(
    /^Error: The logs contain secrets:\nDarkroom\S*Service\S* printed an API key in "health.checked"$/,
  );
  expect(String(closed)).not.toContain(stack.keys.apiKey);
});
