import { describe, expect, test } from 'vitest';
import type { Task } from '../../../../functions/domain/model/task.ts';
import { cancelTask } from '../../../../functions/domain/tasks/cancel-task.ts';
import type { TaskStore } from '../../../../functions/domain/tasks/ports.ts';
import { memoryStore, memoryWorkflow } from '../../../support/fakes.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const upload = { kind: 'upload', contentType: 'image/png' } as const;
const started = { startedAt: sampleTime, deadlineAt: sampleTime + 1 };
const cancellable = true;
const outcome = { state: 'succeeded', images: [] } as const;

function context(task: Task, broken: () => Error | undefined = () => undefined) {
  const { tasks, put } = memoryStore();
  put(task);
  const workflow = memoryWorkflow(broken);
  const failedWakes: unknown[] = [];
  const cancelling = (more: Partial<TaskStore> = {}) =>
    cancelTask({
      tasks: { ...tasks, ...more },
      workflow,
      now: () => sampleTime + 7,
      wakeFailed: (id, cause) => void failedWakes.push([id, cause]),
    });
  const cancel = cancelling();
  return {
    tasks,
    put,
    workflow,
    failedWakes,
    cancelling,
    cancel: (account = 'default') => cancel(sampleId, account),
    find: () => tasks.find(sampleId),
  };
}

describe('200', () => {
  test.each<[string, Task, { started?: string[]; woken?: string[] }]>([
    ['waits for its uploads', pending({ inputs: [upload] }), { started: [sampleId] }],
    ['was never started', pending(), { started: [sampleId] }],
    ['is being prepared', pending(started), {}],
    ['is being submitted', pending({ ...started, submitLockedAt: 5 }), {}],
    ['is between two waits', processing({ cancellable }), {}],
    [
      'waits at its provider',
      processing({ cancellable, wakeToken: 'token-1' }),
      { woken: ['token-1'] },
    ],
  ])(
    'a task that %s: the cancellation is recorded, and its workflow reads it',
    async (_what, task, hint) => {
      const { cancel, find, workflow } = context(task);

      const result = await cancel();

      expect(result).toEqual({
        ...task,
        cancelledAt: sampleTime + 7,
        nextCheckAt: sampleTime + 60_007,
      });
      expect(await find()).toEqual(result);
      expect(workflow.started()).toEqual(hint.started ?? []);
      expect(workflow.woken).toEqual(hint.woken ?? []);
    },
  );

  test.each<Task>([
    pending({ ...started, cancelledAt: sampleTime + 1 }),
    processing({ cancellable, cancelledAt: sampleTime + 1 }),
    processing({ cancelledAt: sampleTime + 1 }),
  ])('cancelling a $status task twice changes nothing: the first time stays', async (task) => {
    const { cancel, find, workflow } = context(task);

    expect(await cancel()).toEqual(task);

    expect(await find()).toEqual(task);
    expect(workflow.started()).toEqual([]);
  });

  test.each([
    ['started', pending({ inputs: [upload] })],
    ['woken', processing({ cancellable, wakeToken: 'token-1' })],
  ])('a workflow that cannot be %s does not fail the request', async (_what, task) => {
    const error = new Error('throttled');
    const { cancel, find, failedWakes } = context(task, () => error);

    expect(await cancel()).toMatchObject({ cancelledAt: sampleTime + 7 });

    expect(failedWakes).toEqual([[sampleId, error]]);
    expect(await find()).toMatchObject({
      cancelledAt: sampleTime + 7,
      nextCheckAt: sampleTime + 60_007, // then the reconciler starts one that was not started
    });
  });

  test('cancelling again tries again to start the workflow', async () => {
    let error: Error | undefined = new Error('throttled');
    const { cancel, workflow } = context(pending({ inputs: [upload] }), () => error);
    await cancel();
    error = undefined;

    await cancel();

    expect(workflow.started()).toEqual([sampleId]);
  });
});

describe('409', () => {
  const ended = {
    code: 'task_ended',
    status: 409,
    param: 'task_id',
    message: `The task ${sampleId} is over already.`,
  };

  test.each<[string, Task]>([
    ['works on it, or cannot cancel', processing({ wakeToken: 'token-1' })],
    ['has made it', processing({ cancellable, wakeToken: 'token-1', outcome })],
    ['was never asked, because it is about to fail', pending({ ...started, outcome })],
  ])('a task whose provider %s goes on', async (_what, task) => {
    const { cancel, find, workflow } = context(task);

    expect(await thrownBy(cancel())).toMatchObject({
      code: 'task_not_cancellable',
      status: 409,
      param: 'task_id',
      message: `The task ${sampleId} cannot be cancelled any more: its provider has begun, or cannot cancel. It is charged for what is made.`,
    });

    expect(await find()).toEqual(task);
    expect([workflow.started(), workflow.woken]).toEqual([[], []]);
  });

  test.each<Task>([completed(), failed()])('a $status task is not changed', async (task) => {
    const { cancel, find, workflow } = context(task);

    expect(await thrownBy(cancel())).toMatchObject(ended);

    expect(await find()).toEqual(task);
    expect([workflow.started(), workflow.woken]).toEqual([[], []]);
  });
});

describe('404', () => {
  test('a task of another account is not found, and goes on', async () => {
    const { cancel, find } = context(processing());

    expect(await thrownBy(cancel('other'))).toMatchObject({ code: 'task_not_found', status: 404 });

    expect(await find()).toEqual(processing());
  });

  test('a task that has expired is not found', async () => {
    const { cancel } = context(completed({ expiresAt: sampleTime }));

    expect(await thrownBy(cancel())).toMatchObject({ code: 'task_not_found', status: 404 });
  });
});

describe('400', () => {
  test('a text that is no task id is rejected', async () => {
    const { cancelling } = context(processing());

    expect(await thrownBy(cancelling()('task-1', 'default'))).toMatchObject({
      code: 'invalid_task_id',
      status: 400,
    });
  });
});

describe('between the read of a task and the write', () => {
  /** The task as it was read, and what happened before the write. */
  const race = (found: Task, happens: Task) => {
    const { tasks, put, workflow, cancelling } = context(found);
    const requestCancel: TaskStore['requestCancel'] = (id, at, nextCheckAt) => {
      put(happens);
      return tasks.requestCancel(id, at, nextCheckAt);
    };
    return { workflow, result: cancelling({ requestCancel })(sampleId, 'default') };
  };

  test('the task may end: it was too late', async () => {
    const { result, workflow } = race(processing({ wakeToken: 'token-1' }), completed());

    expect(await thrownBy(result)).toMatchObject({ code: 'task_ended' });

    expect(workflow.woken).toEqual([]);
  });

  test('the provider may begin: it is too late', async () => {
    const { result, workflow } = race(
      processing({ cancellable, wakeToken: 'token-1' }),
      processing({ wakeToken: 'token-2' }),
    );

    expect(await thrownBy(result)).toMatchObject({ code: 'task_not_cancellable' });

    expect(workflow.woken).toEqual([]);
  });

  test('the task may begin another wait: that one ends early', async () => {
    const { result, workflow } = race(
      processing({ cancellable, wakeToken: 'token-1' }),
      processing({ cancellable, wakeToken: 'token-2' }),
    );

    expect(await result).toMatchObject({ cancelledAt: sampleTime + 7 });

    expect(workflow.woken).toEqual(['token-2']);
  });

  test('the task may be started: it is not started again, and reads the cancellation before it submits', async () => {
    const { result, workflow } = race(pending(), pending(started));

    expect(await result).toMatchObject({ ...started, cancelledAt: sampleTime + 7 });

    expect(workflow.started()).toEqual([]);
  });
});
