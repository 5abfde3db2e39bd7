import { describe, expect, test } from 'vitest';
import type { DueCheck } from '../../functions/domain/tasks/ports.ts';
import { failed } from '../support/tasks.ts';
import { type MakeStore, openTask, type Store, settle } from './stores.ts';

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const idEndingIn = (end: string) => `task-unified-1757156493-${end.padStart(8, '0')}`;

const idsOf = (due: readonly DueCheck[]) => due.map(({ id }) => id);

/** Opens tasks with these ids; the first one is due at 1, the next at 2 and so on. */
async function openDueTasks(store: Store, ids: readonly string[]): Promise<void> {
  for (const [index, id] of ids.entries()) await openTask(store, { id, nextCheckAt: index + 1 });
}

/** What every store of tasks guarantees about the tasks whose next check is due. */
export function checksContract(make: MakeStore): void {
  describe('due checks', () => {
    test('the longest overdue check comes first', async () => {
      const store = await make();
      const ids = ['c', 'a', 'd', 'b', 'g', 'e'].map(idEndingIn);
      await openDueTasks(store, ids);

      expect(await store.tasks.findDueChecks(100, 100)).toEqual(
        ids.map((id, index) => ({ id, nextCheckAt: index + 1 })),
      );
    });

    test('a check is due from its time on, to the millisecond', async () => {
      const store = await make();
      const ids = letters.map(idEndingIn);
      await openDueTasks(store, ids);

      expect(idsOf(await store.tasks.findDueChecks(3, 100))).toEqual(ids.slice(0, 3));
    });

    test('there are at most as many checks as requested', async () => {
      const store = await make();
      const ids = letters.map(idEndingIn);
      await openDueTasks(store, ids);

      expect(idsOf(await store.tasks.findDueChecks(100, 3))).toEqual(ids.slice(0, 3));
    });

    // A store may have shards: the limit of one shard must not hide its longest overdue tasks.
    test('the longest overdue checks are found even when they are all in one shard', async () => {
      const store = await make();
      const alike = ['1a', '2a', '3a', '4a', '5a', '6a'].map(idEndingIn);
      await openDueTasks(store, [...alike, idEndingIn('b')]);

      expect(idsOf(await store.tasks.findDueChecks(100, 4))).toEqual(alike.slice(0, 4));
    });

    test('a task without a next check is not found', async () => {
      const store = await make();
      await openTask(store, { nextCheckAt: undefined });
      const { id } = await openTask(store, { nextCheckAt: 1 });
      await settle(store, failed({ id }));

      expect(await store.tasks.findDueChecks(Number.MAX_SAFE_INTEGER, 100)).toEqual([]);
    });
  });
}
