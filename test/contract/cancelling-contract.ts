import { describe, expect, test } from 'vitest';
import { completed, failed, sampleTime } from '../support/tasks.ts';
import { type MakeStore, openTask, settle } from './stores.ts';

/** What every store of tasks guarantees about tasks that were cancelled or are past their deadline. */
export function cancellingContract(make: MakeStore): void {
  describe('a task that is cancelled', () => {
    test('cancelling a task twice keeps the first time, and returns the task both times', async () => {
      const { tasks, id } = await one(make);

      expect(await tasks.requestCancel(id, 7, 67)).toMatchObject({
        status: 'pending',
        cancelledAt: 7,
      });
      await tasks.saveTaskToken(id, 'token');
      const repeated = await tasks.requestCancel(id, 8, 68);

      expect(repeated).toMatchObject({ cancelledAt: 7, wakeToken: 'token' });
      expect(await tasks.findRecord(id)).toEqual(repeated);
    });

    test('a cancelled task has not ended: its outcome and its settlement are still written', async () => {
      const { store, tasks, id } = await one(make);
      await tasks.acquireSubmitLock(id, 'dashscope', sampleTime);
      await tasks.recordSubmitted(id, 'ticket', sampleTime, { cancellable: true });
      await tasks.requestCancel(id, 7, 67);

      const outcome = { state: 'succeeded', images: [] } as const;
      expect(await tasks.recordOutcome(id, outcome)).toMatchObject({ cancelledAt: 7, outcome });
      expect(await settle(store, completed({ id }))).toMatchObject({ status: 'completed' });
    });

    test('of a cancellation and a simultaneous settlement, the second one sees the first', async () => {
      const { store, tasks, id } = await one(make);

      const [cancelled] = await Promise.all([
        tasks.requestCancel(id, 7, 67),
        settle(store, failed({ id })),
      ]);

      expect(cancelled?.status).toBeOneOf(['pending', undefined]);
      expect(await tasks.find(id)).toMatchObject({ status: 'failed' });
      expect(await tasks.requestCancel(id, 8, 68)).toBeUndefined();
    });

    test('the submit lock of a cancelled task cannot be acquired', async () => {
      const { tasks, id } = await one(make);
      const cancelled = await tasks.requestCancel(id, 7, 67);

      expect(await tasks.acquireSubmitLock(id, 'dashscope', sampleTime)).toEqual({
        acquired: false,
        task: cancelled,
      });
      expect(await tasks.findRecord(id)).toEqual(cancelled);
    });

    test('once a provider has the job, only a job that can be cancelled there is', async () => {
      const { tasks, id } = await one(make);
      await tasks.acquireSubmitLock(id, 'dashscope', sampleTime);
      const submitted = await tasks.recordSubmitted(id, 'ticket', sampleTime, {
        cancellable: true,
      });
      await tasks.recordNotCancellable(id);

      const refused = await tasks.requestCancel(id, 7, 67);

      expect(submitted).toMatchObject({ cancellable: true });
      expect(refused).toMatchObject({ status: 'processing', ticket: 'ticket' });
      expect(refused).not.toHaveProperty('cancelledAt');
      expect(refused).not.toHaveProperty('cancellable');
      expect(await tasks.findRecord(id)).toEqual(refused);
    });

    test('a task that has its outcome is not cancelled any more', async () => {
      const { tasks, id } = await one(make);
      const written = await tasks.recordOutcome(id, { state: 'succeeded', images: [] });

      expect(await tasks.requestCancel(id, 7, 67)).toEqual(written);
    });

    test('of a waiting state and a simultaneous cancellation, at least one sees both', async () => {
      const { tasks, id } = await one(make);

      const results = await Promise.all([
        tasks.saveTaskToken(id, 'token'),
        tasks.requestCancel(id, 7, 67),
      ]);

      expect(results).toContainEqual(
        expect.objectContaining({ wakeToken: 'token', cancelledAt: 7 }),
      );
    });

    test('of a cancellation and a simultaneous submission, exactly one succeeds', async () => {
      const { tasks, id } = await one(make);

      const [, { acquired }] = await Promise.all([
        tasks.requestCancel(id, 7, 67),
        tasks.acquireSubmitLock(id, 'dashscope', sampleTime),
      ]);

      const task = await tasks.find(id);
      expect(task).toMatchObject({ cancelledAt: 7 });
      expect(task && 'submitLockedAt' in task).toBe(acquired);
    });
  });
}

async function one(make: MakeStore) {
  const store = await make();
  const task = await openTask(store);
  return { store, tasks: store.tasks, id: task.id };
}
