import { describe, expect, test } from 'vitest';
import { sweep, whatIsDue } from '../../../functions/task/sweep.ts';
import type { Task } from '../../../functions/task/task.ts';
import { memoryStore, memoryWorkflow } from '../../support/fakes.ts';
import { completed, failed, pending, processing } from '../../support/tasks.ts';

const now = 1_000_000;

describe('what is due', () => {
  test.each<[string, Task, 'start' | undefined]>([
    ['a task that was never started, to the moment', pending({ dueAt: now }), 'start'],
    ['a task that was never started for long', pending({ dueAt: 0 }), 'start'],
    ['a task whose time comes later', pending({ dueAt: now + 1 }), undefined],
    ['a task nobody has to look at', pending({ dueAt: undefined }), undefined],
    ['a task that was taken up', pending({ dueAt: 0, startedAt: 1 }), undefined],
    ['a task the provider has', processing({ dueAt: 0 }), undefined],
    ['a completed task', completed({ dueAt: 0 }), undefined],
    ['a failed task', failed({ dueAt: 0 }), undefined],
  ])('%s', (_what, task, due) => {
    expect(whatIsDue(task, now)).toBe(due);
  });
});

describe('the sweep', () => {
  function world(...tasks: readonly Task[]) {
    const store = memoryStore();
    for (const task of tasks) store.put(task);
    const workflow = memoryWorkflow((id) => (id === 'broken' ? new Error('throttled') : undefined));
    const failures: unknown[] = [];
    return {
      ...{ store, workflow, failures },
      run: sweep({
        ...{ tasks: store.tasks, workflow, now: () => now },
        failed: (taskId, cause) => failures.push([taskId, cause]),
      }),
    };
  }

  test('starts what was written and never taken up, and counts it', async () => {
    const { run, workflow } = world(
      pending({ id: 'young', dueAt: now + 1 }),
      pending({ id: 'late', dueAt: now - 1 }),
      pending({ id: 'taken-up', dueAt: now - 1, startedAt: 1 }),
      pending({ id: 'later', dueAt: now - 2 }),
    );

    expect(await run()).toBe(2);
    expect(workflow.started()).toEqual(['later', 'late']);
  });

  test('starts also what waits for uploads that never came, so that it is refused and refunded', async () => {
    const inputs = [{ kind: 'upload', contentType: 'image/png' }] as const;
    const { run, workflow } = world(pending({ id: 'waiting', inputs, dueAt: now }));

    expect(await run()).toBe(1);
    expect(workflow.started()).toEqual(['waiting']);
  });

  test('one task that cannot be started does not stop the rest', async () => {
    const { run, workflow, failures } = world(
      pending({ id: 'broken', dueAt: 1 }),
      pending({ id: 'fine', dueAt: 2 }),
    );

    expect(await run()).toBe(1);
    expect(workflow.started()).toEqual(['fine']);
    expect(failures).toEqual([['broken', new Error('throttled')]]);
  });

  test('a task that is gone by the time it is looked at is nobody’s business', async () => {
    const { store, workflow, failures } = world();
    const tasks = { ...store.tasks, due: async () => ['gone'] };
    const failed = (id: string) => failures.push(id);

    expect(await sweep({ tasks, workflow, now: () => now, failed })()).toBe(0);
    expect(failures).toEqual([]);
  });

  test('does nothing when nothing is due', async () => {
    expect(await world().run()).toBe(0);
  });
});
