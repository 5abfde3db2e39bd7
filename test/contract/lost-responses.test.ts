import { expect, test } from 'vitest';
import type { TaskStore } from '../../functions/domain/tasks/ports.ts';
import { completed, sampleTime } from '../support/tasks.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { storeOf } from './dynamodb-store.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import { openTask, recordAttempt, settle } from './stores.ts';

// When the response to a write is lost, the SDK sends the write again, and that one finds what the first has written.

const far = Number.MAX_SAFE_INTEGER;
const deadlineAt = sampleTime + 900_000;

/** A task that is due at 100, and its table behind a proxy that loses the first response. */
async function setUp() {
  const { url, client } = await dynamoDb();
  const store = storeOf(client);
  const { id } = await openTask(store, { nextCheckAt: 100 });
  const proxy = await interceptingProxy(url, (nth) => ({ responseLost: nth === 1 }));
  const { tasks } = storeOf(dynamoDbClient(proxy.url));
  return { store, id, tasks, requests: proxy.requests, direct: store.tasks };
}

test('acquireSubmitLock recognizes its own lock after a lost response', async () => {
  const { tasks, direct, id, requests } = await setUp();
  await direct.recordStarted(id, { startedAt: sampleTime, nextCheckAt: 300 });

  const { acquired } = await tasks.acquireSubmitLock(id, 'dashscope', deadlineAt - 1);

  expect([acquired, requests.length]).toEqual([true, 2]);
  expect(await direct.acquireSubmitLock(id, 'dashscope', deadlineAt - 1)).toMatchObject({
    acquired: false,
  });
});

test('releaseSubmitLock counts one rejection after a lost response, not two', async () => {
  const { tasks, direct, id, requests } = await setUp();
  await direct.acquireSubmitLock(id, 'dashscope', 1);

  await tasks.releaseSubmitLock(id, 1, 'busy');

  expect(requests).toHaveLength(2);
  expect(await direct.find(id)).toMatchObject({ busyCount: 1 });
});

test('renewSubmitLock mistakes its own lock for another one after a lost response, so nothing is submitted', async () => {
  const { tasks, direct, id, requests } = await setUp();
  await direct.acquireSubmitLock(id, 'evolink', 1, { images: [] });

  expect([await tasks.renewSubmitLock(id, 'evolink', 1, 2), requests.length]).toEqual([false, 2]);

  expect(await direct.renewSubmitLock(id, 'evolink', 2, 3)).toBe(true);
});

test.each<[string, number, (tasks: TaskStore, id: string) => Promise<unknown>, unknown]>([
  ['leaseCheck', 400, (tasks, id) => tasks.leaseCheck({ id, nextCheckAt: 100 }, 400), undefined],
  ['recordNextExecution', 500, (tasks, id) => tasks.recordNextExecution(id, 2, 500), false],
])(
  '%s mistakes its own write for another one after a lost response, and the task stays due',
  async (_, nextCheckAt, operation, result) => {
    const { tasks, direct, id, requests } = await setUp();

    expect([await operation(tasks, id), requests.length]).toEqual([result, 2]);

    expect(await direct.findDueChecks(far, 10)).toEqual([{ id, nextCheckAt }]);
  },
);

test('requestCancel keeps the first time after a lost response', async () => {
  const { tasks, direct, id } = await setUp();

  expect(await tasks.requestCancel(id, 7, 67)).toMatchObject({ cancelledAt: 7 });

  expect(await direct.find(id)).toMatchObject({ cancelledAt: 7 });
});

test('a delivered callback stays delivered after a lost response', async () => {
  const { store, tasks, direct, id, requests } = await setUp();
  const callbackUrl = 'https://example.com/hook';
  await settle(store, completed({ id, callbackUrl, nextCheckAt: 200 }));

  await recordAttempt(tasks, id, { state: 'delivered', attempts: 1 });

  expect(requests).toHaveLength(2);
  expect(await direct.find(id)).toMatchObject({ callback: { state: 'delivered', attempts: 1 } });
  expect(await direct.findDueChecks(far, 10)).toEqual([]);
});
