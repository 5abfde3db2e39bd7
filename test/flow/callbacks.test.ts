import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type TestStack, until } from './open-stack.ts';
import { type Receiver, serveImages, startReceiver } from './receiver.ts';
import { controlProvider, startStack } from './start-stack.ts';

const prompt = 'Make it snow';
const size = '768x768';

let stack: TestStack;
let imageServer: Receiver;

beforeAll(async () => {
  imageServer = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  stack = await startStack();
});
afterAll(async () => {
  await stack?.close();
  await imageServer?.close();
});

const receiverFor = async (...statuses: number[]) => {
  const receiver = await startReceiver(...statuses);
  onTestFinished(() => receiver.close());
  return receiver;
};
const create = (callback_url: string) =>
  stack.create({ prompt, size, callback_url, image_urls: [`${imageServer.url}/sample.jpg`] });

test('the callback is sent once, signed, after the credits are settled, with the body of the task', async () => {
  const receiver = await receiverFor(200);
  const { body } = await create(`${receiver.url}/done?order=1`);

  const [call] = await until(
    () => receiver.received,
    ({ length }) => length > 0,
  );
  const task = await stack.endedTask(body.id);

  expect(call?.path).toBe('/done?order=1');
  expect(call?.headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': `evt-${body.id}`,
  });
  const verified = new Webhook(stack.keys.webhookSecret).verify(
    call?.body ?? '',
    Object.fromEntries(
      Object.entries(call?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    ),
  );
  const { results, callback, ...rest } = task;
  expect(verified).not.toHaveProperty('callback');
  expect(verified).toMatchObject(rest);
  expect((verified as { results: string[] }).results).toHaveLength(results.length);
  expect(task.usage).toEqual({
    billing_rule: 'per_call',
    credits_used: 1.2,
    user_group: 'default',
  });
  await until(() => stack.isExecutionOver(body.id), Boolean);
  expect(receiver.received).toHaveLength(1);
});

test('the callback of a failed task has its error, and no charge', async () => {
  controlProvider(stack, { outcome: 'failed' });
  const receiver = await receiverFor(204);
  const { body } = await create(receiver.url);

  const [call] = await until(
    () => receiver.received,
    ({ length }) => length > 0,
  );

  expect(JSON.parse(call?.body ?? '')).toMatchObject({
    id: body.id,
    status: 'failed',
    error: { code: 'service_error', type: 'task_error' },
    usage: { credits_used: 0 },
  });
});

test('a refused callback is retried three times, with the same event id', async () => {
  const receiver = await receiverFor(500, 404, 302, 503);
  const { body } = await create(receiver.url);

  await until(() => stack.isExecutionOver(body.id), Boolean);

  expect(receiver.received).toHaveLength(4);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(new Set(receiver.received.map(({ path }) => path))).toEqual(new Set(['/']));
  expect(await stack.taskItem(body.id)).toMatchObject({
    status: 'completed',
    callback: { state: 'retrying', attempts: 4, lastStatus: 503 },
  });
});

test('a failed callback is delivered again on request, with the same event id', async () => {
  controlProvider(stack, { seconds: 16 }); // the first request meets a running task
  const receiver = await receiverFor(500, 500, 500, 500, 200);
  const { body } = await create(receiver.url);
  const early = await stack.call('POST', `/v1/tasks/${body.id}/callback`);
  await until(() => stack.isExecutionOver(body.id), Boolean);

  const redelivery = await stack.call('POST', `/v1/tasks/${body.id}/callback`);
  const { callback } = await until(
    () => stack.call('GET', `/v1/tasks/${body.id}`).then((response) => response.body),
    (task) => task.callback.status === 'delivered',
  );

  expect([early.status, early.body.error.code]).toEqual([409, 'task_running']);
  expect([redelivery.status, redelivery.body.callback]).toEqual([
    200,
    { status: 'pending', attempts: 0, last_status: null },
  ]);
  expect(callback).toEqual({ status: 'delivered', attempts: 1, last_status: 200 });
  expect(receiver.received).toHaveLength(5);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('a redelivery for a task without a callback_url is refused with 400', async () => {
  const { body } = await stack.create({
    prompt,
    size,
    image_urls: [`${imageServer.url}/sample.jpg`],
  });
  await stack.endedTask(body.id);

  const { status, body: refused } = await stack.call('POST', `/v1/tasks/${body.id}/callback`);

  expect([status, refused.error]).toEqual([
    400,
    expect.objectContaining({ code: 'invalid_request', param: 'callback_url' }),
  ]);
});

test('after a delivered retry there are no further attempts', async () => {
  const receiver = await receiverFor(500, 200);
  const { body } = await create(receiver.url);

  await until(() => stack.isExecutionOver(body.id), Boolean);

  expect(receiver.received).toHaveLength(2);
  expect(await stack.taskItem(body.id)).toMatchObject({
    callback: { state: 'delivered', attempts: 2, lastStatus: 200 },
  });
});

test('an unreachable receiver changes nothing about the task', async () => {
  const { body } = await create('http://127.0.0.1:9/nobody');

  await until(() => stack.isExecutionOver(body.id), Boolean);

  expect(await stack.endedTask(body.id)).toMatchObject({ status: 'completed' });
});
