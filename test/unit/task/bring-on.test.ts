import { describe, expect, test } from 'vitest';
import { bringOn, mostExecutions } from '../../../functions/task/bring-on.ts';
import { isEnded, type Running } from '../../../functions/task/task.ts';
import { memoryStore, memoryWorkflow, settableClock } from '../../support/fakes.ts';
import { failed, pending, processing, sampleId, sampleTime } from '../../support/tasks.ts';

const minute = 60_000;

function world(task: Running = processing(), broken: () => Error | undefined = () => undefined) {
  const { tasks, put } = memoryStore();
  put(task);
  const clock = settableClock(sampleTime);
  const workflow = memoryWorkflow(broken);
  const exhausted: string[] = [];
  const needs = {
    ...{ tasks, workflow, now: clock.now },
    exhausted: (id: string) => void exhausted.push(id),
  };
  /** The task as the next look finds it. */
  const asItIs = async (): Promise<Running> => {
    const found = await tasks.find(sampleId);
    if (!found || isEnded(found)) throw new Error('the task is over');
    return found;
  };
  return {
    ...{ needs, put, asItIs, clock, workflow, exhausted, bring: bringOn(needs) },
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
    const { bring, find, workflow } = world();
    const before = await find();

    expect(await bring(pending({ execution }))).toBe('started');

    expect(workflow.started()).toEqual([name]);
    expect(await find()).toEqual(before);
  });
});

test.each([1, 2, 7])('a workflow that runs is left alone, be it number %i', async (execution) => {
  const task = processing({ execution });
  const { bring, find, workflow, exhausted } = world(task);
  await workflow.start(sampleId, execution);
  const started = workflow.started();

  expect(await bring(task)).toBe('alive');

  expect(workflow.started()).toEqual(started);
  expect([await find(), exhausted]).toEqual([task, []]);
});

describe('a workflow that died', () => {
  test.each([1, 2, 3, 4])(
    'is followed by the next one at once, after number %i',
    async (execution) => {
      const task = processing({ execution });
      const { bring, find, workflow, exhausted } = world(task);
      workflow.ends(sampleId, execution);

      expect(await bring(task)).toBe('restarted');

      expect(workflow.started().at(-1)).toBe(`${sampleId}-${execution + 1}`);
      expect(await workflow.state(sampleId, execution + 1)).toBe('running');
      expect(await find()).toMatchObject({
        execution: execution + 1,
        dueAt: sampleTime + 2 * minute,
      });
      expect(exhausted).toEqual([]);
    },
  );

  test('is followed once, however many notice it', async () => {
    const { bring, workflow } = world();
    workflow.ends(sampleId);

    const rescues = await Promise.all([bring(processing()), bring(processing())]);

    expect(rescues.toSorted()).toEqual(['alive', 'restarted']);
    expect(workflow.started()).toEqual([sampleId, `${sampleId}-2`]);
  });

  test('is followed by none when its task has ended meanwhile', async () => {
    const { bring, put, find, workflow } = world();
    workflow.ends(sampleId);
    put(failed());

    expect(await bring(processing())).toBe('alive');

    expect(workflow.started()).toEqual([sampleId]);
    expect(await find()).toEqual(failed());
  });

  test('is followed later when the start fails: the next look finds it absent', async () => {
    let isBroken = false;
    const { needs, bring, asItIs, find, workflow } = world(processing(), () =>
      isBroken ? new Error('throttled') : undefined,
    );
    workflow.ends(sampleId);
    const state = workflow.state;
    const breaking = {
      ...workflow,
      state: async (id: string, execution: number) => {
        const answer = await state(id, execution);
        isBroken = true;
        return answer;
      },
    };

    await expect(bringOn({ ...needs, workflow: breaking })(processing())).rejects.toThrow(
      'throttled',
    );
    expect(await find()).toMatchObject({ execution: 2, dueAt: sampleTime + 2 * minute });
    isBroken = false;
    expect(await bring(await asItIs())).toBe('started');

    expect(workflow.started()).toEqual([sampleId, `${sampleId}-2`]);
    expect(await bring(processing({ execution: 2 }))).toBe('alive');
  });
});

describe('after the fifth that died', () => {
  test.each([mostExecutions, 6, 11])(
    '(number %i) somebody is called, and the next one waits for an hour',
    async (execution) => {
      const task = processing({ execution });
      const { bring, find, workflow, exhausted } = world(task);
      workflow.ends(sampleId, execution);

      expect(await bring(task)).toBe('exhausted');

      expect(exhausted).toEqual([sampleId]);
      expect(await workflow.state(sampleId, execution + 1)).toBe('absent');
      expect(await find()).toMatchObject({
        execution: execution + 1,
        dueAt: sampleTime + 60 * minute,
      });
    },
  );

  test('somebody is called once, however many notice it', async () => {
    const task = processing({ execution: 5 });
    const { bring, workflow, exhausted } = world(task);
    workflow.ends(sampleId, 5);

    const rescues = await Promise.all([bring(task), bring(task)]);

    expect(rescues.toSorted()).toEqual(['alive', 'exhausted']);
    expect(exhausted).toEqual([sampleId]);
  });

  test('the look that is due in an hour starts it', async () => {
    const { bring, asItIs, workflow } = world(processing({ execution: 5 }));
    workflow.ends(sampleId, 5);
    await bring(processing({ execution: 5 }));

    expect(await bring(await asItIs())).toBe('started');

    expect(await workflow.state(sampleId, 6)).toBe('running');
  });
});

test('executions that cannot be looked at are no reason to start another', async () => {
  const { bring, find, workflow } = world(processing(), () => new Error('throttled'));

  await expect(bring(processing())).rejects.toThrow('throttled');

  expect(workflow.started()).toEqual([]);
  expect(await find()).toEqual(processing());
});
