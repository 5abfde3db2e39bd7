import { describe, expect, test } from 'vitest';
import { completed, failed } from '../support/tasks.ts';
import { callbacksContract } from './callbacks-contract.ts';
import { cancellingContract } from './cancelling-contract.ts';
import { draft, type MakeStore, openTask, recordAttempt, type Store, settle } from './stores.ts';

/** What every store of tasks guarantees, so that a crash loses no task. */
export function recoveryContract(make: MakeStore): void {
  leases(make);
  executions(make);
  cancellingContract(make);
  callbacksContract(make);
  ordering(make);
}

const far = Number.MAX_SAFE_INTEGER;
const many = Array.from({ length: 8 }, (_, index) => index + 1);

async function one(make: MakeStore) {
  const store = await make();
  const task = await openTask(store, { nextCheckAt: 100 });
  return { store, tasks: store.tasks, id: task.id };
}

function leases(make: MakeStore): void {
  describe('the lease of a due check', () => {
    test('one of many simultaneous attempts gets the lease, together with the current task', async () => {
      const { tasks, id } = await one(make);

      const leased = await Promise.all(
        many.map((nth) => tasks.leaseCheck({ id, nextCheckAt: 100 }, 1000 + nth)),
      );

      const won = leased.filter((task) => task !== undefined);
      expect(won).toEqual([await tasks.findRecord(id)]);
      expect(won[0]?.nextCheckAt).toBeGreaterThan(1000);
    });

    test('a check whose time has changed is not leased, and nothing changes', async () => {
      const { tasks, id } = await one(make);
      await tasks.recordStarted(id, { startedAt: 1, nextCheckAt: 300 });

      expect(await tasks.leaseCheck({ id, nextCheckAt: 100 }, 400)).toBeUndefined();
      expect(await tasks.findDueChecks(far, 10)).toEqual([{ id, nextCheckAt: 300 }]);
    });

    test('a check that was removed is not leased', async () => {
      const { store, tasks, id } = await one(make);
      await settle(store, failed({ id }));

      expect(await tasks.leaseCheck({ id, nextCheckAt: 100 }, 400)).toBeUndefined();
      expect(await tasks.findDueChecks(far, 10)).toEqual([]);
    });

    test('a check of an ended task can be leased too', async () => {
      const { store, tasks, id } = await one(make);
      await settle(store, completed({ id, nextCheckAt: 200 }));

      expect(await tasks.leaseCheck({ id, nextCheckAt: 200 }, 400)).toMatchObject({
        status: 'completed',
        nextCheckAt: 400,
      });
      expect(await tasks.findDueChecks(far, 10)).toEqual([{ id, nextCheckAt: 400 }]);
    });

    test('leasing a check of a task that does not exist creates no task', async () => {
      const { tasks } = await make();
      const { id } = draft();

      expect(await tasks.leaseCheck({ id, nextCheckAt: 100 }, 400)).toBeUndefined();
      expect(await tasks.find(id)).toBeUndefined();
    });
  });
}

function executions(make: MakeStore): void {
  describe('the next execution of a task', () => {
    test('one of many simultaneous attempts records the next execution', async () => {
      const { tasks, id } = await one(make);

      const given = await Promise.all(
        many.map((nth) => tasks.recordNextExecution(id, 2, 1000 + nth)),
      );

      expect(given.filter(Boolean)).toHaveLength(1);
      const nextCheckAt = 1001 + given.indexOf(true);
      expect(await tasks.find(id)).toMatchObject({ execution: 2, nextCheckAt });
      expect(await tasks.findDueChecks(far, 10)).toEqual([{ id, nextCheckAt }]);
    });

    test.each([1, 3, 4])(
      'after the first execution, number %i cannot be recorded',
      async (number) => {
        const { tasks, id } = await one(make);
        const before = await tasks.find(id);

        expect(await tasks.recordNextExecution(id, number, 500)).toBe(false);
        expect(await tasks.find(id)).toEqual(before);
      },
    );

    test.each([
      [2, false],
      [3, false],
      [4, true],
      [5, false],
    ])('after the third execution, number %i can be recorded: %s', async (number, recorded) => {
      const { tasks, id } = await one(make);
      await tasks.recordNextExecution(id, 2, 300);
      await tasks.recordNextExecution(id, 3, 300);

      expect(await tasks.recordNextExecution(id, number, 500)).toBe(recorded);
      expect(await tasks.find(id)).toMatchObject({
        execution: recorded ? number : 3,
        nextCheckAt: recorded ? 500 : 300,
      });
    });

    test.each<[string, (store: Store, id: string) => Promise<unknown>]>([
      ['has ended', (store, id) => settle(store, failed({ id }))],
      ['does not exist', async () => undefined],
    ])('a task that %s has no next execution', async (why, happen) => {
      const store = await make();
      const { id } = why === 'has ended' ? await openTask(store) : draft();
      await happen(store, id);
      const before = await store.tasks.find(id);

      expect(await store.tasks.recordNextExecution(id, 2, 500)).toBe(false);
      expect(await store.tasks.find(id)).toEqual(before);
    });
  });
}

function ordering(make: MakeStore): void {
  test('the longest overdue check comes first, whatever it is for', async () => {
    const store = await make();
    const { tasks } = store;
    const unstarted = await openTask(store, { nextCheckAt: 500 });
    const watched = await openTask(store, { nextCheckAt: 1 });
    const dead = await openTask(store, { nextCheckAt: 2 });
    const [delivered, undelivered] = [await openTask(store), await openTask(store)];
    for (const { id } of [delivered, undelivered])
      await settle(store, completed({ id, nextCheckAt: 3 }));

    await tasks.recordStarted(watched.id, { startedAt: 1, nextCheckAt: 400 });
    await tasks.recordNextExecution(dead.id, 2, 300);
    await recordAttempt(tasks, delivered.id, { state: 'delivered', attempts: 1 });
    await recordAttempt(tasks, undelivered.id, { state: 'retrying', attempts: 1 }, 200);
    await tasks.leaseCheck({ id: undelivered.id, nextCheckAt: 200 }, 450);

    expect(await tasks.findDueChecks(far, 10)).toEqual([
      { id: dead.id, nextCheckAt: 300 },
      { id: watched.id, nextCheckAt: 400 },
      { id: undelivered.id, nextCheckAt: 450 },
      { id: unstarted.id, nextCheckAt: 500 },
    ]);
  });
}
