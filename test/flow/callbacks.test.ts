import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { listen } from '../../local/aws/listen.ts';
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
  const { results, callback, request, key, events, ...rest } = task;
  expect(Object.keys(verified as object).toSorted()).toEqual(
    ['results', ...Object.keys(rest)].toSorted(),
  );
  expect(verified).toMatchObject(rest);
  expect((verified as { results: string[] }).results).toHaveLength(results.length);
  expect(task.usage).toEqual({
    billing_rule: 'per_call',
    credits_reserved: 1.2,
    credits_used: 1.2,
    credits_returned: 0,
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
    {
      url: receiver.url,
      status: 'pending',
      attempt_count: 4,
      last_status: null,
      next_attempt_at: null,
    },
  ]);
  expect(callback).toMatchObject({ status: 'delivered', attempt_count: 5, last_status: 200 });
  expect(callback.attempts.map(({ status }: { status: number }) => status)).toEqual([
    500, 500, 500, 500, 200,
  ]);
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

describe('a task shows what happened to its callback', () => {
  /** The callback of a task whose receiver is at this URL, when the workflow is over. */
  async function callbackOf(url: string) {
    const { body } = await create(url);
    await until(() => stack.isExecutionOver(body.id), Boolean);
    const read = await stack.call('GET', `/v1/tasks/${body.id}`);
    expect(read.status).toBe(200);
    return read.body.callback;
  }

  /** A receiver that gives this answer to every request. */
  async function answering(status: number, text: string | Buffer, headers = {}) {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(status, headers).end(text));
    });
    const { url, close } = await listen(server, 0);
    onTestFinished(close);
    return url;
  }

  test.each<[string, () => string | Promise<string>, string]>([
    ['refuses the connection', () => 'http://127.0.0.1:9/nobody', 'refused the connection'],
    [
      'has a name that does not exist',
      () => 'https://nobody.invalid/hook',
      'has a host name that cannot be resolved',
    ],
    [
      'does not speak TLS',
      async () => (await answering(200, '')).replace('http:', 'https:'),
      'could not be reached over TLS; its certificate must be valid',
    ],
  ])('when its receiver %s', async (_what, url, reason) => {
    const callback = await callbackOf(await url());

    expect(callback).toMatchObject({ status: 'retrying', attempt_count: 4, last_status: null });
    expect(callback.next_attempt_at).toBeGreaterThan(callback.attempts.at(-1).at);
    expect(callback.attempts).toHaveLength(4);
    for (const attempt of callback.attempts) {
      expect(attempt).toMatchObject({
        status: null,
        reason: `callback_url ${reason}`,
        response_text: null,
      });
    }
  });

  test('when its receiver answers with ten kilobytes of markup and control characters', async () => {
    const text = Buffer.concat([
      Buffer.from('<script>\u0000\u202e'),
      Buffer.from([0xff]),
      Buffer.alloc(10_000, 'x'),
    ]);

    const { attempts } = await callbackOf(
      await answering(422, text, { 'content-type': 'text/html' }),
    );

    expect(attempts).toHaveLength(4);
    expect(attempts[0]).toMatchObject({
      status: 422,
      response_text: `<script>\ufffd${'x'.repeat(191)}`,
    });
  });

  test('when its receiver is gone for good: a 410 is the last attempt', async () => {
    expect(await callbackOf(await answering(410, 'no more'))).toMatchObject({
      status: 'undelivered',
      attempt_count: 1,
      last_status: 410,
      next_attempt_at: null,
      attempts: [{ status: 410, response_text: 'no more' }],
    });
  });

  test('when its receiver wants to be left alone: the next attempt comes after its Retry-After', async () => {
    const callback = await callbackOf(await answering(503, '', { 'retry-after': '900' }));

    expect(callback).toMatchObject({
      status: 'retrying',
      attempt_count: 1,
      attempts: [{ status: 503, response_text: null }],
    });
    expect(callback.next_attempt_at - callback.attempts[0].at).toBeGreaterThanOrEqual(900);
  });
});

describe('a task tells its story', () => {
  const types = (events: readonly { type: string }[]) => events.map(({ type }) => type);

  test('from its request to its callback, with a link to each input that shows the picture', async () => {
    const receiver = await receiverFor(200);
    const hostile = '<b>\u202esnow</b>';
    const { body } = await stack.create({
      prompt: hostile,
      size,
      seed: 7,
      n: 2,
      callback_url: receiver.url,
      image_urls: [`${imageServer.url}/sample.jpg`],
    });
    await until(() => stack.isExecutionOver(body.id), Boolean);

    const { body: task } = await stack.call('GET', `/v1/tasks/${body.id}`);
    const { body: list } = await stack.call('GET', '/v1/tasks?limit=1');

    expect(task.request).toEqual({
      prompt: hostile,
      size,
      seed: 7,
      n: 2,
      inputs: [{ type: 'url', url: `${imageServer.url}/sample.jpg`, link: expect.any(String) }],
    });
    const picture = await fetch(task.request.inputs[0].link);
    expect(Buffer.from(await picture.arrayBuffer())).toEqual(readFileSync('cli/sample.jpg'));
    expect(types(task.events)).toEqual([
      'created',
      'started',
      'inputs_checked',
      'submitted',
      'generated',
      'stored',
      'charged',
      'callback_attempted',
    ]);
    expect(task.expires_at).toBeGreaterThan(task.completed_at);
    expect(list.data).toMatchObject([
      { id: body.id, prompt_start: hostile, key: task.key, credits_reserved: 2.4 },
    ]);
    expect(task.key.name).toEqual(expect.any(String));
  });

  test('also when it failed, and then nothing was charged', async () => {
    controlProvider(stack, { outcome: 'failed' });
    const { body } = await stack.create({
      prompt,
      size,
      image_urls: [`${imageServer.url}/sample.jpg`],
    });

    const { events, usage } = await stack.endedTask(body.id);

    expect(types(events).slice(-2)).toEqual(['failed', 'returned']);
    expect(usage).toMatchObject({ credits_used: 0, credits_returned: 1.2 });
  });

  test('but nothing any more when it was deleted', async () => {
    const { body } = await stack.create({
      prompt,
      size,
      image_urls: [`${imageServer.url}/sample.jpg`],
    });
    await stack.endedTask(body.id);
    await until(() => stack.isExecutionOver(body.id), Boolean);
    const removed = await stack.call('DELETE', `/v1/tasks/${body.id}`);

    const read = await stack.call('GET', `/v1/tasks/${body.id}`);

    expect([removed.status, read.status]).toEqual([200, 404]);
    expect(JSON.stringify(read.body)).not.toContain(prompt);
  });
});
