import { describe, expect, test } from 'vitest';
import type { CallbackRecord, Task } from '../../../../functions/domain/model/task.ts';
import { dueCheck } from '../../../../functions/domain/tasks/reconcile.ts';
import { redeliver } from '../../../../functions/domain/tasks/redeliver.ts';
import { memoryStore } from '../../../support/fakes.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const callbackUrl = 'https://example.com/hook';
const pendingCallback: CallbackRecord = { state: 'pending', attempts: 0 };
const callback = (state: CallbackRecord['state'], attempts: number) => ({
  callbackUrl,
  callback: { state, attempts, lastStatus: 500 },
});

function context(task: Task, deliver: (id: string) => Promise<void> = async () => undefined) {
  const { tasks, put } = memoryStore();
  put(task);
  const found: unknown[] = [];
  const failedWakes: unknown[] = [];
  const redeliverTask = redeliver({
    tasks,
    now: () => sampleTime,
    deliverCallback: async (id) => {
      found.push([id, await tasks.find(id)]);
      await deliver(id);
    },
    wakeFailed: (id, cause) => void failedWakes.push([id, cause]),
  });
  return {
    found,
    failedWakes,
    redeliverTask: (account = 'default') => redeliverTask(sampleId, account),
    find: () => tasks.find(sampleId),
  };
}

describe('200', () => {
  test.each<[string, Task]>([
    ['was delivered', completed(callback('delivered', 1))],
    ['was given up', failed(callback('undelivered', 7))],
    ['is retrying', completed({ ...callback('retrying', 5), nextCheckAt: sampleTime + 3_600_000 })],
    ['was never sent', completed({ callbackUrl })],
  ])('a callback that %s is pending again, from the first attempt on', async (_what, task) => {
    const { redeliverTask, find, found } = context(task);

    expect(await redeliverTask()).toMatchObject({
      id: sampleId,
      status: task.status,
      callback: pendingCallback,
    });

    // Written before it is sent: the sender reads the record.
    const record = { ...task, callback: pendingCallback, nextCheckAt: sampleTime + 60_000 };
    expect(found).toEqual([[sampleId, record]]);
    expect(await find()).toEqual(record);
  });
});

test('of fifty requests at once, one sends the callback, and all say that it is pending', async () => {
  const { redeliverTask, found } = context(completed(callback('delivered', 1)));

  const responses = await Promise.all(Array.from({ length: 50 }, () => redeliverTask()));

  expect(responses.map((task) => task.callback)).toEqual(Array(50).fill(pendingCallback));
  expect(found).toHaveLength(1);
});

test('a callback that cannot be sent at once does not fail the request, and is due for the reconciler', async () => {
  const error = new Error('throttled');
  const { redeliverTask, find, failedWakes } = context(completed(callback('delivered', 1)), () =>
    Promise.reject(error),
  );

  expect((await redeliverTask()).callback).toEqual(pendingCallback);

  expect(failedWakes).toEqual([[sampleId, error]]);
  const task = (await find()) ?? completed();
  expect(dueCheck(task, sampleTime + 59_999)).toBeUndefined();
  expect(dueCheck(task, sampleTime + 60_000)).toBe('undelivered');
});

describe('a callback that cannot be sent again', () => {
  test.each<[string, Task, object]>([
    [
      'a task that has not ended',
      processing({ callbackUrl }),
      {
        code: 'task_running',
        status: 409,
        param: 'task_id',
        message: `The task ${sampleId} is not over yet.`,
      },
    ],
    ['a task that has not begun', pending({ callbackUrl }), { code: 'task_running' }],
    [
      'a task without a callback_url',
      completed(),
      {
        code: 'invalid_request',
        status: 400,
        param: 'callback_url',
        message: `The task ${sampleId} was made without a callback_url.`,
      },
    ],
  ])('is refused for %s: nothing is sent, and nothing is written', async (_what, task, problem) => {
    const { redeliverTask, find, found } = context(task);

    expect(await thrownBy(redeliverTask())).toMatchObject(problem);

    expect(found).toEqual([]);
    expect(await find()).toEqual(task);
  });

  test('a task of another account is not found', async () => {
    const { redeliverTask, found } = context(completed({ callbackUrl }));

    expect(await thrownBy(redeliverTask('other'))).toMatchObject({
      code: 'task_not_found',
      status: 404,
    });

    expect(found).toEqual([]);
  });

  test('a task that has expired is not found, and nothing is sent', async () => {
    const { redeliverTask, found } = context(
      completed({ ...callback('undelivered', 7), expiresAt: sampleTime }),
    );

    expect(await thrownBy(redeliverTask())).toMatchObject({ code: 'task_not_found', status: 404 });

    expect(found).toEqual([]);
  });
});
