import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { activityLog } from '../../local/activity-log.ts';
import { openStack, type TestStack, until } from './open-stack.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const printed: string[] = [];
let stack: TestStack;
let receiver: Receiver;

// The log lines that only this stack writes are checked for secrets when it closes, like all others.
beforeAll(async () => {
  const { onRequest, onLog } = activityLog({ print: (line) => printed.push(line.slice(9)) });
  receiver = await startReceiver(200);
  stack = await openStack({ outdir: inject('outdir'), onRequest, onLog });
});
afterAll(async () => {
  await stack?.close();
  await receiver?.close();
});

const create = (name: string, callbackUrl = receiver.url) =>
  stack.create({
    prompt: 'Make it snow',
    size: '768x768',
    callback_url: callbackUrl,
    image_urls: [`${stack.mockProvider.url}/${name}`],
  });
const eventsOf = (id: string) =>
  printed.filter((line) => line.startsWith(id)).map((line) => line.slice(id.length + 1));

test('a task tells its events in their order, up to the delivery of its callback', async () => {
  const { body } = await create('sample.jpg');
  const events = await until(
    () => eventsOf(body.id),
    (all) => all.some((event) => event.startsWith('delivered')),
  );

  expect(events).toEqual([
    'checked',
    'submitted to dashscope',
    'generated',
    'settled: 1 image, 1.2 credits charged',
    'delivered (status 200)',
  ]);
});

test('a task that fails says why', async () => {
  const { body } = await create('control');
  const events = await until(
    () => eventsOf(body.id),
    (all) => all.some((event) => event.startsWith('delivered')),
  );

  expect(events).toEqual([
    expect.stringMatching(/^stopped at a step \(\w+\)$/),
    expect.stringMatching(/^settled: failed \(\w+\), nothing charged$/),
    'delivered (status 200)',
  ]);
});

test('an attempt to deliver a callback that fails is one line that says why', async () => {
  const busy = await startReceiver(503, 200);
  onTestFinished(busy.close);
  const { body } = await create('sample.jpg', busy.url);
  const events = await until(
    () => eventsOf(body.id),
    (all) => all.some((event) => event.startsWith('delivered')),
  );

  expect(events.slice(-3)).toEqual([
    'settled: 1 image, 1.2 credits charged',
    'not delivered yet: attempt 1 (status 503)',
    'delivered (status 200)',
  ]);
});

test('a request is one line with the name of its key, and with the code if it is refused', async () => {
  await stack.call('GET', '/v1/credits');
  await stack.call('GET', '/v1/admin/accounts');
  const lines = await until(
    () => printed.filter((line) => /credits \d|accounts/.test(line)),
    ({ length }) => length === 2,
  );

  expect(lines).toEqual([
    expect.stringMatching(/^GET \/v1\/credits 200 \d+ ms local$/),
    expect.stringMatching(/^GET \/v1\/admin\/accounts 403 \d+ ms permission_denied$/),
  ]);
});
