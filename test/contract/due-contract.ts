import { describe, expect, test } from 'vitest';
import type { Due } from '../../functions/task/ports.ts';
import { failed } from '../support/tasks.ts';
import { type Make, opened, type Store } from './stores.ts';

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const idEndingIn = (end: string) => `task-unified-1757156493-${end.padStart(8, '0')}`;

const idsOf = (due: readonly Due[]) => due.map(({ id }) => id);

/** Opens tasks under these ids; the first one is due at 1, the next at 2 and so on. */
async function dueInTurn(store: Store, ids: readonly string[]): Promise<void> {
  for (const [index, id] of ids.entries()) await opened(store, { id, dueAt: index + 1 });
}

/** What every store of tasks guarantees about those that somebody has to look at. */
export function dueContract(make: Make): void {
  describe('the tasks that are due', () => {
    test('come the longest overdue first', async () => {
      const store = await make();
      const ids = ['c', 'a', 'd', 'b', 'g', 'e'].map(idEndingIn);
      await dueInTurn(store, ids);

      expect(await store.tasks.due(100, 100)).toEqual(
        ids.map((id, index) => ({ id, dueAt: index + 1 })),
      );
    });

    test('are those whose time has come, to the millisecond', async () => {
      const store = await make();
      const ids = letters.map(idEndingIn);
      await dueInTurn(store, ids);

      expect(idsOf(await store.tasks.due(3, 100))).toEqual(ids.slice(0, 3));
    });

    test('are at most as many as asked for', async () => {
      const store = await make();
      const ids = letters.map(idEndingIn);
      await dueInTurn(store, ids);

      expect(idsOf(await store.tasks.due(100, 3))).toEqual(ids.slice(0, 3));
    });

    // A store may keep them in parts: one full part must not hide how late its tasks are.
    test('are the longest overdue, however alike their ids', async () => {
      const store = await make();
      const alike = ['1a', '2a', '3a', '4a', '5a', '6a'].map(idEndingIn);
      await dueInTurn(store, [...alike, idEndingIn('b')]);

      expect(idsOf(await store.tasks.due(100, 4))).toEqual(alike.slice(0, 4));
    });

    test('are not those that nobody has to look at', async () => {
      const store = await make();
      await opened(store, { dueAt: undefined });
      const { id } = await opened(store, { dueAt: 1 });
      await store.ledger.settle(failed({ id }));

      expect(await store.tasks.due(Number.MAX_SAFE_INTEGER, 100)).toEqual([]);
    });
  });
}
