import { expect, test } from 'vitest';
import type { ActiveTask, Task } from '../../../../functions/domain/model/task.ts';
import {
  executionEnded,
  type Recovery,
} from '../../../../functions/domain/tasks/ensure-workflow.ts';
import { memoryStore } from '../../../support/fakes.ts';
import { stateOf } from '../../../support/memory-tasks.ts';
import { completed, failed, pending, processing, sampleId } from '../../../support/tasks.ts';

function context(task: Task, recovery: Recovery = 'restarted') {
  const { tasks, put } = memoryStore();
  put(task);
  const recovered: ActiveTask[] = [];
  const ensureWorkflowRunning = async (running: ActiveTask) => {
    recovered.push(running);
    return recovery;
  };
  const restarted: string[] = [];
  const ended = executionEnded({
    tasks,
    ensureWorkflowRunning,
    restarted: ({ id }) => void restarted.push(id),
  });
  return { recovered, restarted, ended };
}

test.each([pending(), processing({ execution: 3 })])(
  'a $status task whose execution failed gets a running workflow, as it is now',
  async (task) => {
    const { ended, recovered } = context(task);

    expect(await ended(sampleId)).toBe('restarted');

    expect(recovered).toEqual([stateOf(task)]);
  },
);

test.each(['alive', 'started', 'postponed'] as const)(
  'a recovery is returned and not reported when it is "%s": the reconciler tells of it',
  async (recovery) => {
    const { ended, restarted } = context(processing(), recovery);

    expect(await ended(sampleId)).toBe(recovery);

    expect(restarted).toEqual([]);
  },
);

test('a task that got the next execution at once is reported', async () => {
  const { ended, restarted } = context(processing());

  await ended(sampleId);

  expect(restarted).toEqual([sampleId]);
});

const callback = { callbackUrl: 'https://example.com/hook', nextCheckAt: 5 };

test.each([completed(callback), failed(callback)])(
  'a $status task needs no execution: its pending callback is sent by the reconciler',
  async (task) => {
    const { ended, recovered } = context(task);

    expect(await ended(sampleId)).toBe('settled');

    expect(recovered).toEqual([]);
  },
);

test('an execution that was started by hand belongs to no task', async () => {
  const { ended, recovered } = context(processing());

  expect(await ended('a-try-from-the-console')).toBe('unknown');

  expect(recovered).toEqual([]);
});
