import { describe, expect, test } from 'vitest';
import { redeliver } from '../../../functions/task/redeliver.ts';
import { whatIsDue } from '../../../functions/task/sweep.ts';
import type { CallbackRecord, Task } from '../../../functions/task/task.ts';
import { memoryStore } from '../../support/fakes.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleId,
  sampleTime,
} from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const callbackUrl = 'https://example.com/hook';
const owed: CallbackRecord = { state: 'owed', attempts: 0 };
const told = (state: CallbackRecord['state'], attempts: number) => ({
  ...{ callbackUrl, callback: { state, attempts, lastStatus: 500 } },
});

function world(task: Task, tell: (id: string) => Promise<void> = async () => undefined) {
  const { tasks, put } = memoryStore();
  put(task);
  const found: unknown[] = [];
  const again = redeliver({
    ...{ tasks, now: () => sampleTime },
    tell: async (id) => {
      found.push([id, await tasks.find(id)]);
      await tell(id);
    },
  });
  return {
    found,
    again: (account = 'default') => again(sampleId, account),
    find: () => tasks.find(sampleId),
  };
}

describe('200', () => {
  test.each<[string, Task]>([
    ['was told', completed(told('delivered', 1))],
    ['was given up', failed(told('undelivered', 7))],
    ['is being told', completed({ ...told('failing', 5), dueAt: sampleTime + 3_600_000 })],
    ['was never told', completed({ callbackUrl })],
  ])('a caller who %s is owed an answer again, from the first attempt on', async (_what, task) => {
    const { again, find, found } = world(task);

    expect(await again()).toMatchObject({ id: sampleId, status: task.status, callback: owed });

    // Written before told: what tells him reads what it finds.
    const record = { ...task, callback: owed, dueAt: sampleTime + 60_000 };
    expect(found).toEqual([[sampleId, record]]);
    expect(await find()).toEqual(record);
  });
});

test('should telling not begin, the sweep has it done', async () => {
  const error = new Error('throttled');
  const { again, find } = world(completed(told('delivered', 1)), () => Promise.reject(error));

  expect(await thrownBy(again())).toBe(error);

  const task = (await find()) ?? completed();
  expect(whatIsDue(task, sampleTime + 59_999)).toBeUndefined();
  expect(whatIsDue(task, sampleTime + 60_000)).toBe('untold');
});

describe('refused, and nobody is told', () => {
  test.each<[string, Task, object]>([
    [
      'a task that is not over',
      processing({ callbackUrl }),
      {
        ...{ code: 'task_running', status: 409, param: 'task_id' },
        message: `The task ${sampleId} is not over yet.`,
      },
    ],
    ['one that has not begun', pending({ callbackUrl }), { code: 'task_running' }],
    [
      'one whose caller did not ask to be told',
      completed(),
      {
        ...{ code: 'invalid_request', status: 400, param: 'callback_url' },
        message: `The task ${sampleId} was made without a callback_url.`,
      },
    ],
  ])('%s', async (_what, task, problem) => {
    const { again, find, found } = world(task);

    expect(await thrownBy(again())).toMatchObject(problem);

    expect(found).toEqual([]);
    expect(await find()).toEqual(task);
  });

  test('somebody else’s task, as if it did not exist', async () => {
    const { again, found } = world(completed({ callbackUrl }));

    expect(await thrownBy(again('other'))).toMatchObject({ code: 'task_not_found', status: 404 });

    expect(found).toEqual([]);
  });
});
