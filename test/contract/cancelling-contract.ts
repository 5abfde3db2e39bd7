import { describe, expect, test } from 'vitest';
import { completed, failed, sampleTime } from '../support/tasks.ts';
import { type Make, opened } from './stores.ts';

/** What every store of tasks guarantees about those that are wanted no more, or not in time. */
export function cancellingContract(make: Make): void {
  describe('a task that is cancelled', () => {
    test('keeps the first time, and whoever asks again gets it as it is', async () => {
      const { tasks, id } = await one(make);

      expect(await tasks.cancelled(id, 7)).toMatchObject({ status: 'pending', cancelledAt: 7 });
      await tasks.waiting(id, 'token');
      const again = await tasks.cancelled(id, 8);

      expect(again).toMatchObject({ cancelledAt: 7, wakeToken: 'token' });
      expect(await tasks.find(id)).toEqual(again);
    });

    test('has ended for nobody yet: its outcome and its end are still written', async () => {
      const { store, tasks, id } = await one(make);
      await tasks.submitting(id, 'dashscope', sampleTime);
      await tasks.submitted(id, 'ticket', sampleTime);
      await tasks.cancelled(id, 7);

      const outcome = { state: 'succeeded', images: [] } as const;
      expect(await tasks.outcome(id, outcome)).toMatchObject({ cancelledAt: 7, outcome });
      expect(await store.ledger.settle(completed({ id }))).toMatchObject({ status: 'completed' });
    });

    test('or one that has ended: one of the two is first, and the other sees it', async () => {
      const { store, tasks, id } = await one(make);

      const [cancelled] = await Promise.all([
        tasks.cancelled(id, 7),
        store.ledger.settle(failed({ id })),
      ]);

      expect(cancelled?.status).toBeOneOf(['pending', undefined]);
      expect(await tasks.find(id)).toMatchObject({ status: 'failed' });
      expect(await tasks.cancelled(id, 8)).toBeUndefined();
    });

    test('is not handed to a provider any more', async () => {
      const { tasks, id } = await one(make);
      const cancelled = await tasks.cancelled(id, 7);

      expect(await tasks.submitting(id, 'dashscope', sampleTime)).toEqual({
        ...{ marked: false, task: cancelled },
      });
      expect(await tasks.find(id)).toEqual(cancelled);
    });

    test('lets one who waits or the one who cancels see both', async () => {
      const { tasks, id } = await one(make);

      const answers = await Promise.all([tasks.waiting(id, 'token'), tasks.cancelled(id, 7)]);

      expect(answers).toContainEqual(
        expect.objectContaining({ wakeToken: 'token', cancelledAt: 7 }),
      );
    });

    test('at the moment it is handed over is one or the other', async () => {
      const { tasks, id } = await one(make);

      const [, { marked }] = await Promise.all([
        tasks.cancelled(id, 7),
        tasks.submitting(id, 'dashscope', sampleTime),
      ]);

      const task = await tasks.find(id);
      expect(task).toMatchObject({ cancelledAt: 7 });
      expect(task && 'submittingAt' in task).toBe(marked);
    });
  });

  test.each([
    [-1, true],
    [0, false],
    [1, false],
  ])('%i ms after its deadline a task is handed over: %s', async (late, marked) => {
    const { tasks, id } = await one(make);
    const deadlineAt = sampleTime + 900_000;
    await tasks.started(id, { startedAt: sampleTime, deadlineAt, dueAt: 300 });

    const answer = await tasks.submitting(id, 'dashscope', deadlineAt + late);

    expect(answer.marked).toBe(marked);
    expect(answer.task).toEqual(await tasks.find(id));
    expect('submittingAt' in answer.task).toBe(marked);
  });
}

async function one(make: Make) {
  const store = await make();
  const task = await opened(store);
  return { store, tasks: store.tasks, id: task.id };
}
