import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Receiver, servePictures, startReceiver } from './receiver.ts';
import { painting, startWorld, until, type World } from './world.ts';

const prompt = 'Make it snow';
const size = '768x768';

let world: World;
let pictures: Receiver;

beforeAll(async () => {
  pictures = await servePictures({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  world = await startWorld();
});
afterAll(async () => {
  await world?.close();
  await pictures?.close();
});

const receiverFor = async (...statuses: number[]) => {
  const receiver = await startReceiver(...statuses);
  onTestFinished(() => receiver.close());
  return receiver;
};
const create = (callback_url: string) =>
  world.create({ prompt, size, callback_url, image_urls: [`${pictures.url}/sample.jpg`] });

test('the caller is told once, signed, after the money is settled, with the body of the task', async () => {
  const caller = await receiverFor(200);
  const { body } = await create(`${caller.url}/done?order=1`);

  const [call] = await until(
    () => caller.received,
    ({ length }) => length > 0,
  );
  const task = await world.ended(body.id);

  expect(call?.path).toBe('/done?order=1');
  expect(call?.headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': `evt-${body.id}`,
  });
  const verified = new Webhook(world.keys.webhookSecret).verify(
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
  await until(() => world.isClosed(body.id), Boolean);
  expect(caller.received).toHaveLength(1);
});

test('a failed task is told, too', async () => {
  painting(world, { outcome: 'failed' });
  const caller = await receiverFor(204);
  const { body } = await create(caller.url);

  const [call] = await until(
    () => caller.received,
    ({ length }) => length > 0,
  );

  expect(JSON.parse(call?.body ?? '')).toMatchObject({
    id: body.id,
    status: 'failed',
    error: { code: 'service_error', type: 'task_error' },
    usage: { credits_used: 0 },
  });
});

test('a caller who refuses is asked three times more, with the same event and the same words', async () => {
  const caller = await receiverFor(500, 404, 302, 503);
  const { body } = await create(caller.url);

  await until(() => world.isClosed(body.id), Boolean);

  expect(caller.received).toHaveLength(4);
  expect(new Set(caller.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(new Set(caller.received.map(({ path }) => path))).toEqual(new Set(['/']));
  expect(await world.dynamoItem(body.id)).toMatchObject({
    status: 'completed',
    callback: { state: 'failing', attempts: 4, lastStatus: 503 },
  });
});

test('a caller who missed it is told again when he asks, as the same event', async () => {
  const caller = await receiverFor(500, 500, 500, 500, 200);
  const { body } = await create(caller.url);
  const early = await world.call('POST', `/v1/tasks/${body.id}/callback`);
  await until(() => world.isClosed(body.id), Boolean);

  const again = await world.call('POST', `/v1/tasks/${body.id}/callback`);
  const { callback } = await until(
    () => world.call('GET', `/v1/tasks/${body.id}`).then((answer) => answer.body),
    (task) => task.callback.status === 'delivered',
  );

  expect([early.status, early.body.error.code]).toEqual([409, 'task_running']);
  expect([again.status, again.body.callback]).toEqual([
    200,
    { status: 'pending', attempts: 0, last_status: null },
  ]);
  expect(callback).toEqual({ status: 'delivered', attempts: 1, last_status: 200 });
  expect(caller.received).toHaveLength(5);
  expect(new Set(caller.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('a task without a callback_url has nothing to deliver again', async () => {
  const { body } = await world.create({
    ...{ prompt, size, image_urls: [`${pictures.url}/sample.jpg`] },
  });
  await world.ended(body.id);

  const { status, body: answer } = await world.call('POST', `/v1/tasks/${body.id}/callback`);

  expect([status, answer.error]).toEqual([
    400,
    expect.objectContaining({ code: 'invalid_request', param: 'callback_url' }),
  ]);
});

test('a caller who comes back is told and then left alone', async () => {
  const caller = await receiverFor(500, 200);
  const { body } = await create(caller.url);

  await until(() => world.isClosed(body.id), Boolean);

  expect(caller.received).toHaveLength(2);
  expect(await world.dynamoItem(body.id)).toMatchObject({
    callback: { state: 'delivered', attempts: 2, lastStatus: 200 },
  });
});

test('a caller who is not there changes nothing about the task', async () => {
  const { body } = await create('http://127.0.0.1:9/nobody');

  await until(() => world.isClosed(body.id), Boolean);

  expect(await world.ended(body.id)).toMatchObject({ status: 'completed' });
});
