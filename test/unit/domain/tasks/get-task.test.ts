import { describe, expect, test } from 'vitest';
import type { Task } from '../../../../functions/domain/model/task.ts';
import { getTask } from '../../../../functions/domain/tasks/get-task.ts';
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

const expiresAt = sampleTime + 1000;

function context(task: Task = pending(), now = sampleTime) {
  const store = memoryStore();
  store.put(task);
  return { get: getTask({ tasks: store.tasks, now: () => now }) };
}

describe('200', () => {
  test.each([pending(), processing(), completed(), failed()])(
    'a $status task is found by its account',
    async (task) => {
      expect(await context(task).get(task.id, 'default')).toEqual(task);
    },
  );

  test.each([completed({ expiresAt }), failed({ expiresAt })])(
    'a $status task is found until the moment it expires',
    async (task) => {
      expect(await context(task, expiresAt - 1).get(task.id, 'default')).toEqual(task);
    },
  );
});

describe('400', () => {
  test.each(['', 'task-1', 'TASK-UNIFIED-1757156493-imcg5zqt', '../task-unified-1-imcg5zqt'])(
    'an id like %j is rejected',
    async (id) => {
      expect(await thrownBy(context().get(id, 'default'))).toMatchObject({
        code: 'invalid_task_id',
        status: 400,
        param: 'task_id',
        message:
          "A task id starts with 'task-unified-' and is the one that the create call returned.",
      });
    },
  );
});

describe('404', () => {
  const missing = (id: string) => ({
    code: 'task_not_found',
    status: 404,
    param: 'task_id',
    message: `There is no task ${id}.`,
  });

  test('a task that does not exist is not found', async () => {
    const id = 'task-unified-1757156493-00000000';

    expect(await thrownBy(context().get(id, 'default'))).toMatchObject(missing(id));
  });

  test.each([completed({ expiresAt }), failed({ expiresAt })])(
    'a $status task that has expired is not found, although its record is still there',
    async (task) => {
      const { get } = context(task, expiresAt);

      expect(await thrownBy(get(task.id, 'default'))).toMatchObject(missing(task.id));
    },
  );

  test('a task of another account is not found', async () => {
    const { get } = context();

    expect(await thrownBy(get(sampleId, 'other'))).toMatchObject(missing(sampleId));
  });
});
