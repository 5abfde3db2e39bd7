import { describe, expect, test } from 'vitest';
import type { TaskRef } from '../../../../functions/domain/model/task.ts';
import {
  type ActiveTask,
  isEnded,
  type WithRequest,
} from '../../../../functions/domain/model/task.ts';
import {
  alarmingExecutions,
  ensureWorkflowRunning,
} from '../../../../functions/domain/tasks/ensure-workflow.ts';
import { memoryStore, memoryWorkflow, settableClock } from '../../../support/fakes.ts';
import { failed, pending, processing, sampleId, sampleTime } from '../../../support/tasks.ts';

const minute = 60_000;

function context(
  task: WithRequest<ActiveTask> = processing(),
  broken: () => Error | undefined = () => undefined,
) {
  const { tasks, put } = memoryStore();
  put(task);
  const clock = settableClock(sampleTime);
  const workflow = memoryWorkflow(broken);
  const exhausted: string[] = [];
  const deps = {
    tasks,
    workflow,
    now: clock.now,
    exhausted: ({ id }: TaskRef) => void exhausted.push(id),
  };
  /** The task as the next check finds it. */
  const currentTask = async (): Promise<WithRequest<ActiveTask>> => {
    const found = await tasks.find(sampleId);
    if (!found || isEnded(found)) throw new Error('the task is over');
    return found;
  };
  return {
    deps,
    put,
    currentTask,
    clock,
    workflow,
    exhausted,
    ensureRunning: ensureWorkflowRunning(deps),
    find: () => tasks.find(sampleId),
  };
}

describe('a workflow that is missing', () => {
  test.each([
    ['the first', undefined, sampleId],
    ['the first', 1, sampleId],
    ['the third, whose start got lost,', 3, `${sampleId}-3`],
    ['the sixth, which had to wait,', 6, `${sampleId}-6`],
  ])('is started: %s (%s)', async (_which, execution, name) => {
    const { ensureRunning, find, workflow } = context();
    const before = await find();

    expect(await ensureRunning(pending({ execution }))).toBe('started');

    expect(workflow.started()).toEqual([name]);
    expect(await find()).toEqual(before);
  });
});

test.each([1, 2, 7])(
  'a workflow that runs is left alone, as execution number %i',
  async (execution) => {
    const task = processing({ execution });
    const { ensureRunning, find, workflow, exhausted } = context(task);
    await workflow.start(sampleId, execution);
    const started = workflow.started();

    expect(await ensureRunning(task)).toBe('alive');

    expect(workflow.started()).toEqual(started);
    expect([await find(), exhausted]).toEqual([task, []]);
  },
);

describe('a workflow that died', () => {
  test('is followed by the second execution at once', async () => {
    const { ensureRunning, find, workflow, exhausted } = context();
    workflow.ends(sampleId);

    expect(await ensureRunning(processing())).toBe('restarted');

    expect(workflow.started().at(-1)).toBe(`${sampleId}-2`);
    expect(await workflow.executionState(sampleId, 2)).toBe('running');
    expect(await find()).toMatchObject({ execution: 2, nextCheckAt: sampleTime + 2 * minute });
    expect(exhausted).toEqual([]);
  });

  test.each([
    [2, 4],
    [3, 8],
    [4, 16],
    [7, 128],
    [8, 256],
    [9, 300],
    [1000, 300],
  ])(
    'as number %i is followed by the next execution after a pause of %i s',
    async (execution, seconds) => {
      const task = processing({ execution });
      const { ensureRunning, currentTask, find, workflow } = context(task);
      workflow.ends(sampleId, execution);

      expect(await ensureRunning(task)).toBe('postponed');

      expect(await workflow.executionState(sampleId, execution + 1)).toBe('absent');
      expect(await find()).toMatchObject({
        execution: execution + 1,
        nextCheckAt: sampleTime + seconds * 1000,
      });
      expect(await ensureRunning(await currentTask())).toBe('started');
      expect(await workflow.executionState(sampleId, execution + 1)).toBe('running');
    },
  );

  test('is followed by one execution, however many callers notice it', async () => {
    const { ensureRunning, workflow } = context();
    workflow.ends(sampleId);

    const recoveries = await Promise.all([
      ensureRunning(processing()),
      ensureRunning(processing()),
    ]);

    expect(recoveries.toSorted()).toEqual(['alive', 'restarted']);
    expect(workflow.started()).toEqual([sampleId, `${sampleId}-2`]);
  });

  test('is not followed when its task has ended meanwhile', async () => {
    const { ensureRunning, put, find, workflow } = context();
    workflow.ends(sampleId);
    put(failed());

    expect(await ensureRunning(processing())).toBe('alive');

    expect(workflow.started()).toEqual([sampleId]);
    expect(await find()).toEqual(failed());
  });

  test('is followed later when the start fails: the next check finds it absent', async () => {
    let isBroken = false;
    const { deps, ensureRunning, currentTask, find, workflow } = context(processing(), () =>
      isBroken ? new Error('throttled') : undefined,
    );
    workflow.ends(sampleId);
    const state = workflow.executionState;
    const breaking = {
      ...workflow,
      executionState: async (id: string, execution: number) => {
        const result = await state(id, execution);
        isBroken = true;
        return result;
      },
    };

    await expect(
      ensureWorkflowRunning({ ...deps, workflow: breaking })(processing()),
    ).rejects.toThrow('throttled');
    expect(await find()).toMatchObject({ execution: 2, nextCheckAt: sampleTime + 2 * minute });
    isBroken = false;
    expect(await ensureRunning(await currentTask())).toBe('started');

    expect(workflow.started()).toEqual([sampleId, `${sampleId}-2`]);
    expect(await ensureRunning(processing({ execution: 2 }))).toBe('alive');
  });
});

describe('from the fifth execution that died on', () => {
  test.each([
    [alarmingExecutions - 1, 0],
    [alarmingExecutions, 1],
    [6, 1],
    [11, 1],
  ])('after number %i the operator is told %i times', async (execution, times) => {
    const task = processing({ execution });
    const { ensureRunning, workflow, exhausted } = context(task);
    workflow.ends(sampleId, execution);

    expect(await ensureRunning(task)).toBe('postponed');

    expect(exhausted).toEqual(Array.from({ length: times }, () => sampleId));
  });

  test('the operator is told once, however many callers notice it', async () => {
    const task = processing({ execution: 5 });
    const { ensureRunning, workflow, exhausted } = context(task);
    workflow.ends(sampleId, 5);

    const recoveries = await Promise.all([ensureRunning(task), ensureRunning(task)]);

    expect(recoveries.toSorted()).toEqual(['alive', 'postponed']);
    expect(exhausted).toEqual([sampleId]);
  });
});

test('an execution whose state cannot be read is no reason to start another', async () => {
  const { ensureRunning, find, workflow } = context(processing(), () => new Error('throttled'));

  await expect(ensureRunning(processing())).rejects.toThrow('throttled');

  expect(workflow.started()).toEqual([]);
  expect(await find()).toEqual(processing());
});
