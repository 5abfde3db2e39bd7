import { describe, expect, test } from 'vitest';
import { cancelTask } from '../../../functions/task/cancel-task.ts';
import type { Tasks } from '../../../functions/task/ports.ts';
import type { Task } from '../../../functions/task/task.ts';
import { memoryStore, memoryWorkflow } from '../../support/fakes.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleId,
  sampleTime,
} from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const upload = { kind: 'upload', contentType: 'image/png' } as const;
const started = { startedAt: sampleTime, deadlineAt: sampleTime + 1 };
const outcome = { state: 'succeeded', images: [] } as const;

function world(task: Task, broken: () => Error | undefined = () => undefined) {
  const { tasks, put } = memoryStore();
  put(task);
  const workflow = memoryWorkflow(broken);
  const cancelling = (more: Partial<Tasks> = {}) =>
    cancelTask({ tasks: { ...tasks, ...more }, workflow, now: () => sampleTime + 7 });
  const cancel = cancelling();
  return {
    ...{ tasks, put, workflow, cancelling },
    cancel: (account = 'default') => cancel(sampleId, account),
    find: () => tasks.find(sampleId),
  };
}

describe('200', () => {
  test.each<[string, Task, { started?: string[]; woken?: string[] }]>([
    ['waits for its uploads', pending({ inputs: [upload] }), { started: [sampleId] }],
    ['was never started', pending(), { started: [sampleId] }],
    ['is being prepared', pending(started), {}],
    ['is being submitted', pending({ ...started, submittingAt: 5 }), {}],
    ['is between two waits', processing(), {}],
    ['waits for the provider', processing({ wakeToken: 'token-1' }), { woken: ['token-1'] }],
    ['has its outcome', processing({ wakeToken: 'token-1', outcome }), { woken: ['token-1'] }],
  ])('a task that %s: the fact is written, and its workflow sees it', async (_what, task, hint) => {
    const { cancel, find, workflow } = world(task);

    const answer = await cancel();

    expect(answer).toEqual({ ...task, cancelledAt: sampleTime + 7 });
    expect(await find()).toEqual(answer);
    expect(workflow.started()).toEqual(hint.started ?? []);
    expect(workflow.woken).toEqual(hint.woken ?? []);
  });

  test('asking again changes nothing: the first time stays', async () => {
    const { cancel, find, workflow } = world(pending({ ...started, cancelledAt: sampleTime + 1 }));

    expect(await cancel()).toMatchObject({ status: 'pending', cancelledAt: sampleTime + 1 });

    expect(await find()).toMatchObject({ cancelledAt: sampleTime + 1 });
    expect(workflow.started()).toEqual([]);
  });

  test('asking again is also the way when the workflow could not be told', async () => {
    let error: Error | undefined = new Error('throttled');
    const { cancel, find, workflow } = world(pending({ inputs: [upload] }), () => error);

    expect(await thrownBy(cancel())).toBe(error);
    expect(await find()).toMatchObject({ cancelledAt: sampleTime + 7 });

    error = undefined;
    await cancel();
    expect(workflow.started()).toEqual([sampleId]);
  });
});

describe('409', () => {
  const ended = {
    ...{ code: 'task_ended', status: 409, param: 'task_id' },
    message: `The task ${sampleId} is over already.`,
  };

  test.each<Task>([completed(), failed()])('a $status task stays as it is', async (task) => {
    const { cancel, find, workflow } = world(task);

    expect(await thrownBy(cancel())).toMatchObject(ended);

    expect(await find()).toEqual(task);
    expect([workflow.started(), workflow.woken]).toEqual([[], []]);
  });
});

describe('404', () => {
  test('somebody else’s task is as if it did not exist, and goes on', async () => {
    const { cancel, find } = world(processing());

    expect(await thrownBy(cancel('other'))).toMatchObject({ code: 'task_not_found', status: 404 });

    expect(await find()).toEqual(processing());
  });
});

describe('400', () => {
  test('what is not the id of a task', async () => {
    const { cancelling } = world(processing());

    expect(await thrownBy(cancelling()('task-1', 'default'))).toMatchObject({
      ...{ code: 'invalid_task_id', status: 400 },
    });
  });
});

describe('between the look at a task and the write', () => {
  /** The task as it was found, and what happened before the write. */
  const race = (found: Task, happens: Task) => {
    const { tasks, put, workflow, cancelling } = world(found);
    const cancelled: Tasks['cancelled'] = (id, at) => {
      put(happens);
      return tasks.cancelled(id, at);
    };
    return { workflow, answer: cancelling({ cancelled })(sampleId, 'default') };
  };

  test('it may end: it was too late', async () => {
    const { answer, workflow } = race(processing({ wakeToken: 'token-1' }), completed());

    expect(await thrownBy(answer)).toMatchObject({ code: 'task_ended' });

    expect(workflow.woken).toEqual([]);
  });

  test('it may begin another wait: that one is cut short', async () => {
    const { answer, workflow } = race(
      processing({ wakeToken: 'token-1' }),
      processing({ wakeToken: 'token-2' }),
    );

    expect(await answer).toMatchObject({ cancelledAt: sampleTime + 7 });

    expect(workflow.woken).toEqual(['token-2']);
  });

  test('it may be started: it is not started again, and sees the fact before it submits', async () => {
    const { answer, workflow } = race(pending(), pending(started));

    expect(await answer).toMatchObject({ ...started, cancelledAt: sampleTime + 7 });

    expect(workflow.started()).toEqual([]);
  });
});
