import { describe, expect, test } from 'vitest';
import { completed, failed } from '../support/tasks.ts';
import { callbacksContract } from './callbacks-contract.ts';
import { cancellingContract } from './cancelling-contract.ts';
import { draft, type Make, opened, type Store } from './stores.ts';

/** What every store of tasks guarantees, so that nothing is lost whatever dies in between. */
export function rescueContract(make: Make): void {
  looks(make);
  restarts(make);
  cancellingContract(make);
  callbacksContract(make);
  reasons(make);
}

const far = Number.MAX_SAFE_INTEGER;
const many = Array.from({ length: 8 }, (_, index) => index + 1);

async function one(make: Make) {
  const store = await make();
  const task = await opened(store, { dueAt: 100 });
  return { store, tasks: store.tasks, id: task.id };
}

function looks(make: Make): void {
  describe('the look at a task that is due', () => {
    test('is won by one of many, who gets the task as it is then', async () => {
      const { tasks, id } = await one(make);

      const looks = await Promise.all(
        many.map((nth) => tasks.look({ id, dueAt: 100 }, 1000 + nth)),
      );

      const won = looks.filter((task) => task !== undefined);
      expect(won).toEqual([await tasks.find(id)]);
      expect(won[0]?.dueAt).toBeGreaterThan(1000);
    });

    test('is refused when the due time has moved since, and moves nothing', async () => {
      const { tasks, id } = await one(make);
      await tasks.started(id, { startedAt: 1, deadlineAt: 2, dueAt: 300 });

      expect(await tasks.look({ id, dueAt: 100 }, 400)).toBeUndefined();
      expect(await tasks.due(far, 10)).toEqual([{ id, dueAt: 300 }]);
    });

    test('is refused when nobody has to look at it any more', async () => {
      const { store, tasks, id } = await one(make);
      await store.ledger.settle(failed({ id }));

      expect(await tasks.look({ id, dueAt: 100 }, 400)).toBeUndefined();
      expect(await tasks.due(far, 10)).toEqual([]);
    });

    test('is also taken at one that has ended', async () => {
      const { store, tasks, id } = await one(make);
      await store.ledger.settle(completed({ id, dueAt: 200 }));

      expect(await tasks.look({ id, dueAt: 200 }, 400)).toMatchObject({
        ...{ status: 'completed', dueAt: 400 },
      });
      expect(await tasks.due(far, 10)).toEqual([{ id, dueAt: 400 }]);
    });

    test('makes no task that is not there', async () => {
      const { tasks } = await make();
      const { id } = draft();

      expect(await tasks.look({ id, dueAt: 100 }, 400)).toBeUndefined();
      expect(await tasks.find(id)).toBeUndefined();
    });
  });
}

function restarts(make: Make): void {
  describe('the next execution of a task', () => {
    test('is given by one of many', async () => {
      const { tasks, id } = await one(make);

      const given = await Promise.all(many.map((nth) => tasks.restarted(id, 2, 1000 + nth)));

      expect(given.filter(Boolean)).toHaveLength(1);
      const dueAt = 1001 + given.indexOf(true);
      expect(await tasks.find(id)).toMatchObject({ execution: 2, dueAt });
      expect(await tasks.due(far, 10)).toEqual([{ id, dueAt }]);
    });

    test.each([1, 3, 4])('is only the next one: after the first not number %i', async (number) => {
      const { tasks, id } = await one(make);
      const before = await tasks.find(id);

      expect(await tasks.restarted(id, number, 500)).toBe(false);
      expect(await tasks.find(id)).toEqual(before);
    });

    test.each([
      [2, false],
      [3, false],
      [4, true],
      [5, false],
    ])('is only the next one: after the third number %i: %s', async (number, given) => {
      const { tasks, id } = await one(make);
      await tasks.restarted(id, 2, 300);
      await tasks.restarted(id, 3, 300);

      expect(await tasks.restarted(id, number, 500)).toBe(given);
      expect(await tasks.find(id)).toMatchObject({
        ...{ execution: given ? number : 3, dueAt: given ? 500 : 300 },
      });
    });

    test.each<[string, (store: Store, id: string) => Promise<unknown>]>([
      ['has ended', ({ ledger }, id) => ledger.settle(failed({ id }))],
      ['is not there', async () => undefined],
    ])('is not given to a task that %s', async (why, happen) => {
      const store = await make();
      const { id } = why === 'has ended' ? await opened(store) : draft();
      await happen(store, id);
      const before = await store.tasks.find(id);

      expect(await store.tasks.restarted(id, 2, 500)).toBe(false);
      expect(await store.tasks.find(id)).toEqual(before);
    });
  });
}

function reasons(make: Make): void {
  test('whatever the reason, the longest overdue comes first', async () => {
    const store = await make();
    const { tasks, ledger } = store;
    const unstarted = await opened(store, { dueAt: 500 });
    const watched = await opened(store, { dueAt: 1 });
    const dead = await opened(store, { dueAt: 2 });
    const [told, untold] = [await opened(store), await opened(store)];
    for (const { id } of [told, untold]) await ledger.settle(completed({ id, dueAt: 3 }));

    await tasks.started(watched.id, { startedAt: 1, deadlineAt: 2, dueAt: 400 });
    await tasks.restarted(dead.id, 2, 300);
    await tasks.callback(told.id, { state: 'delivered', attempts: 1 });
    await tasks.callback(untold.id, { state: 'failing', attempts: 1 }, 200);
    await tasks.look({ id: untold.id, dueAt: 200 }, 450);

    expect(await tasks.due(far, 10)).toEqual([
      { id: dead.id, dueAt: 300 },
      { id: watched.id, dueAt: 400 },
      { id: untold.id, dueAt: 450 },
      { id: unstarted.id, dueAt: 500 },
    ]);
  });
}
