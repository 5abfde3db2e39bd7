import { expect, test } from 'vitest';
import { sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import { retryWhileBusy } from './retry-while-busy.ts';
import {
  account,
  draft,
  fundedStore,
  type MakeStore,
  reserve,
  type Store,
  spendingOf,
} from './stores.ts';

const price = 1200;
const many = 24;
const key = {
  id: 'key#0123456789abcdef',
  requestHash: 'hash',
  expiresAt: sampleTime * 2,
};

/** Opens many tasks at the same time: how often each result occurred, and the tasks that exist afterwards. */
async function openMany(store: Store, record?: typeof key) {
  const tasks = Array.from({ length: many }, () => draft());
  const results = await Promise.all(
    tasks.map((task) => retryWhileBusy(() => reserve(store, task, record))),
  );
  const found = await Promise.all(tasks.map(({ id }) => store.tasks.find(id)));
  const states = Object.groupBy(results, ({ state }) => state);
  return {
    states: Object.fromEntries(Object.entries(states).map(([state, all]) => [state, all.length])),
    replayed: new Set(results.flatMap((result) => ('taskId' in result ? result.taskId : []))),
    tasks: found.flatMap((task) => task ?? []),
  };
}

/** What every ledger guarantees when many tasks are opened at the same time. */
export function parallelReservationsContract(make: MakeStore): void {
  test('as many tasks are opened as there are credits for', async () => {
    const store = await fundedStore(make, 10 * price + price - 1);

    const { states, tasks } = await openMany(store);

    expect(states).toEqual({ reserved: 10, insufficient: many - 10 });
    expect(tasks).toHaveLength(10);
    expect(await auditedFunds(store)).toEqual({
      balance: price - 1,
      reserved: 10 * price,
      used: 0,
      inFlight: 10,
    });
  });

  test.each([
    ['there are credits for all', many * price],
    ['only one can be paid', price],
  ])(
    'one idempotency key opens one task, and all other requests get it, when %s',
    async (_, has) => {
      const store = await fundedStore(make, has);

      const { states, replayed, tasks } = await openMany(store, key);

      expect(states).toEqual({ reserved: 1, idempotency_key_used: many - 1 });
      expect(tasks.map(({ id }) => id)).toEqual([...replayed]);
      expect(await auditedFunds(store)).toEqual({
        balance: has - price,
        reserved: price,
        used: 0,
        inFlight: 1,
      });
      expect(await spendingOf(store)).toMatchObject({ reserved: price });
    },
  );

  test.each([
    ['its limit', 'key_exhausted', { totalLimit: 7 * price + price - 1 }],
    ['its limit for today', 'key_exhausted_today', { dailyLimit: 7 * price }],
  ])('a key never exceeds %s', async (_, failure, change) => {
    const store = await fundedStore(make, many * price, change);

    const { states, tasks } = await openMany(store);

    expect(states).toEqual({ reserved: 7, [failure]: many - 7 });
    expect(tasks).toHaveLength(7);
    expect(await spendingOf(store)).toMatchObject({ reserved: 7 * price });
  });

  test('the tasks in flight never exceed the limit of the account', async () => {
    const store = await fundedStore(make, many * price);
    await store.accounts.change(account, { limits: { tasksInFlight: 7 } });

    const { states, tasks } = await openMany(store);

    expect(states).toEqual({ reserved: 7, too_many_in_flight: many - 7 });
    expect(tasks).toHaveLength(7);
    expect(await auditedFunds(store)).toMatchObject({ inFlight: 7 });
  });
}
