import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Body, mockProviderState, type TestStack, until } from './open-stack.ts';
import { type Receiver, serveImages, startReceiver } from './receiver.ts';
import { controlProvider, startStack } from './start-stack.ts';

// Whenever a caller cancels, the task ends once, and what was generated is charged.

let stack: TestStack;
let imageServer: Receiver;
let before: Awaited<ReturnType<TestStack['account']>>;

beforeAll(async () => {
  imageServer = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  stack = await startStack();
});
afterAll(async () => {
  await stack?.close();
  await imageServer?.close();
});
beforeEach(async () => {
  before = await stack.account();
});

const create = async (more: object = {}): Promise<Body> => {
  const imageUrl = `${imageServer.url}/sample.jpg`;
  const body = { prompt: 'Make it snow', size: '768x768', image_urls: [imageUrl], ...more };
  return (await stack.create(body)).body;
};
const cancel = (id: string) => stack.call('POST', `/v1/tasks/${id}/cancel`);
const read = (id: string): Promise<Body> =>
  stack.call('GET', `/v1/tasks/${id}`).then(({ body }) => body);
const cancelled = { code: 'request_cancelled', type: 'task_error' };
const moneyNow = async () => {
  const { balance, reserved, used } = await stack.account();
  return { balance, reserved, used };
};
const moneyBefore = () => ({
  balance: before.balance,
  reserved: before.reserved,
  used: before.used,
});

describe('a task that is cancelled', () => {
  test('right after its creation ends without a charge, and the callback says so', async () => {
    controlProvider(stack, { seconds: 600 });
    const receiver = await startReceiver(200);
    onTestFinished(() => receiver.close());
    const { id } = await create({ callback_url: receiver.url });

    const { status, body } = await cancel(id);
    const task = await stack.endedTask(id);
    await until(
      () => receiver.received,
      ({ length }) => length > 0,
    );

    expect([status, body.id, body.task_info]).toEqual([
      200,
      id,
      { can_cancel: false, cancel_requested: true },
    ]);
    expect(task).toMatchObject({ status: 'failed', error: cancelled, usage: { credits_used: 0 } });
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({ id, error: cancelled });
    expect(await moneyNow()).toEqual(moneyBefore());
  });

  test('while it waits at the provider is cancelled there, and costs nothing', async () => {
    controlProvider(stack, { seconds: 600 });
    const { id } = await create();
    await until(
      () => read(id),
      ({ status }) => status === 'processing',
    );

    const first = await cancel(id);
    const second = await cancel(id);
    const task = await stack.endedTask(id);

    expect([first.status, first.body.status, first.body.task_info]).toEqual([
      200,
      'processing',
      { can_cancel: false, cancel_requested: true },
    ]);
    expect((await mockProviderState(stack)).jobs.at(-1)).toMatchObject({ status: 'CANCELED' });
    expect([200, 409]).toContain(second.status);
    expect(task).toMatchObject({
      status: 'failed',
      error: cancelled,
      task_info: { can_cancel: false },
    });
    expect(await moneyNow()).toEqual(moneyBefore());
  });

  test('before its uploads have arrived ends at once and never reaches the provider', async () => {
    const { id } = await create({
      image_urls: undefined,
      image_uploads: [{ content_type: 'image/jpeg' }],
    });
    const { counts } = await mockProviderState(stack);

    await cancel(id);

    expect(await stack.endedTask(id)).toMatchObject({ status: 'failed', error: cancelled });
    expect((await mockProviderState(stack)).counts.submits).toBe(counts.submits);
    expect(await moneyNow()).toEqual(moneyBefore());
  });
});

test('tasks that the provider works on cannot be cancelled, and cost what it makes', async () => {
  controlProvider(stack, { seconds: 90 });
  const tasks = await Promise.all(Array.from({ length: 2 }, () => create({ n: 4 })));
  const ids = tasks.map(({ id }) => id);
  await Promise.all(
    ids.map((id) =>
      until(
        () => read(id),
        ({ status, task_info }) => status === 'processing' && !task_info.can_cancel,
      ),
    ),
  );

  const responses = await Promise.all(ids.map(cancel));
  const ended = await Promise.all(ids.map((id) => stack.endedTask(id)));

  for (const { status, body } of responses) {
    expect([status, body.error.code]).toEqual([409, 'task_not_cancellable']);
  }
  expect(ended.map(({ status, error }) => error ?? status)).toEqual(ids.map(() => 'completed'));
  const { used } = await stack.account();
  expect(used - before.used).toBe(2 * 4 * 1200);
});

test('a cancellation of an ended task is refused with 409', async () => {
  const { id } = await create();
  const task = await stack.endedTask(id);

  const { status, body } = await cancel(id);

  expect([status, body.error]).toEqual([
    409,
    {
      code: 'task_ended',
      type: 'invalid_request_error',
      param: 'task_id',
      message: `The task ${id} is over already.`,
    },
  ]);
  expect(task.task_info).toEqual({ can_cancel: false });
  expect((await read(id)).status).toBe('completed');
});

test("a cancellation of another account's task is refused with 404 and changes nothing", async () => {
  const { id } = await create();

  const { status, body } = await stack.callAs('stranger', 'POST', `/v1/tasks/${id}/cancel`);

  expect([status, body.error.code]).toEqual([404, 'task_not_found']);
  expect(await stack.endedTask(id)).toMatchObject({ status: 'completed' });
});

test('when a cancellation races the provider, the task ends once and is charged accordingly', async () => {
  controlProvider(stack, { seconds: 4 });
  const ids = await Promise.all(Array.from({ length: 4 }, () => create().then(({ id }) => id)));

  const responses = await Promise.all(
    ids.map(async (id, index) => {
      // Some early, some late: the provider needs half a second of real time.
      await until(
        () => read(id),
        ({ progress, status }) => progress >= index * 25 || status === 'completed',
      );
      return cancel(id);
    }),
  );
  const tasks = await Promise.all(ids.map((id) => stack.endedTask(id)));

  for (const [index, task] of tasks.entries()) {
    const isCompleted = task.status === 'completed';
    expect(task.usage.credits_used).toBe(isCompleted ? 1.2 : 0);
    if (!isCompleted) expect(task.error.code).toBe('request_cancelled');
    if (responses[index]?.status === 409) expect(['completed', 'failed']).toContain(task.status);
  }
  const completed = tasks.filter(({ status }) => status === 'completed').length;
  const { balance, reserved, used } = await stack.account();
  expect({ balance, reserved, used }).toEqual({
    balance: before.balance - 1200 * completed,
    reserved: before.reserved,
    used: before.used + 1200 * completed,
  });
});
