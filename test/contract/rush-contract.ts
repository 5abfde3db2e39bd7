import { describe, expect, test } from 'vitest';
import { completed, failed, sampleTime } from '../support/tasks.ts';
import { draft, grant, type Make, opened, type Store } from './stores.ts';

const account = 'default';
const price = 1200;
const many = 50;
const drafts = () => Array.from({ length: many }, () => draft());
const countOf = (store: Store, ids: readonly string[]) =>
  Promise.all(ids.map((id) => store.tasks.find(id))).then((found) => found.filter(Boolean).length);

/** What every ledger guarantees when all come at once. */
export function rushContract(make: Make): void {
  describe('when all come at once', () => {
    test('as many tasks are opened as there are credits for', async () => {
      const store = await make();
      await grant(store, account, 20 * price + price - 1);
      const tasks = drafts();

      const openings = await Promise.all(tasks.map((task) => store.ledger.open(task)));

      const states = openings.map(({ state }) => state);
      expect(states.filter((state) => state === 'opened')).toHaveLength(20);
      expect(states.filter((state) => state === 'insufficient')).toHaveLength(many - 20);
      expect(
        await countOf(
          store,
          tasks.map(({ id }) => id),
        ),
      ).toBe(20);
      expect(await store.funds(account)).toEqual({
        ...{ granted: 21 * price - 1, balance: price - 1, reserved: 20 * price, used: 0 },
      });
    });

    test('one idempotency key opens one task, which all others are led to', async () => {
      const store = await make();
      await grant(store, account, many * price);
      const tasks = drafts();
      const key = { id: 'key#0123456789abcdef', requestHash: 'hash', expiresAt: sampleTime * 2 };

      const openings = await Promise.all(tasks.map((task) => store.ledger.open(task, key)));

      const winner = tasks.find((_, index) => openings[index]?.state === 'opened')?.id;
      expect(openings.filter(({ state }) => state === 'opened')).toHaveLength(1);
      expect(openings.filter(({ state }) => state === 'remembered')).toEqual(
        Array.from({ length: many - 1 }, () => ({
          ...{ state: 'remembered', taskId: winner, requestHash: 'hash' },
        })),
      );
      expect(
        await countOf(
          store,
          tasks.map(({ id }) => id),
        ),
      ).toBe(1);
      expect(await store.funds(account)).toMatchObject({ reserved: price });
    });

    test('one of those who settle a task does, and its record and charge stay', async () => {
      const store = await make();
      const { id } = await opened(store);
      const endings = Array.from({ length: 10 }, (_, index) =>
        index % 2 ? failed({ id, finishedAt: index }) : completed({ id, finishedAt: index }),
      );

      const settled = await Promise.all(endings.map((end) => store.ledger.settle(end)));

      const [winner, ...others] = settled.filter((end) => end !== undefined);
      expect(others).toEqual([]);
      expect(await store.tasks.find(id)).toEqual(winner);
      const used = winner?.charged ?? Number.NaN;
      expect(await store.funds(account)).toEqual({
        ...{ granted: price, balance: price - used, reserved: 0, used },
      });
    });

    test('nothing is made or lost while tasks come, end and are paid for', async () => {
      const store = await make();
      await grant(store, account, 10 * price);

      await Promise.all(
        drafts().map(async (task, index) => {
          if (index % 10 === 0) await grant(store, account, price);
          const { state } = await store.ledger.open(task);
          const { id } = task;
          if (state !== 'opened' || index % 3 === 0) return;
          await store.ledger.settle(completed({ id, charged: (index % 4) * 300 }));
        }),
      );

      const { granted, balance, reserved, used } = await store.funds(account);
      expect(granted).toBe(15 * price);
      expect(balance + reserved + used).toBe(granted);
      expect(balance).toBeGreaterThanOrEqual(0);
    });
  });
}
