import { expect, test } from 'vitest';
import { completed, failed, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import {
  draft,
  findKeyOf,
  fundedStore,
  keyId,
  type MakeStore,
  reserve,
  type Store,
  settle,
  spendingOf,
} from './stores.ts';

const price = 1200;
const other = 'key-fedcba9876543210';
const utc = Date.parse;

/** Opens a task with this price at this time; returns the result. */
async function ask(store: Store, reserved = price, createdAt = sampleTime) {
  const task = draft({ reserved, createdAt });
  const { state } = await reserve(store, task);
  return { state, id: task.id };
}

/** What every ledger guarantees about the total limit of a key. */
export function totalLimitContract(make: MakeStore): void {
  test.each([
    ['a key can spend all of its total limit', price, 'reserved'],
    ['a key cannot exceed its total limit by a milli-credit', price - 1, 'key_exhausted'],
    ['a key with a total limit of zero cannot spend anything', 0, 'key_exhausted'],
  ])('%s', async (_, totalLimit, state) => {
    const store = await fundedStore(make, 5000, { totalLimit });

    expect(await ask(store)).toMatchObject({ state });
  });

  test('a key that has reached its total limit is reported with its spending, and nothing is written', async () => {
    const store = await fundedStore(make, 5000, { totalLimit: 2 * price + 100 });
    const first = await ask(store);
    await ask(store);
    await settle(store, completed({ id: first.id, charged: price }));
    const [before, has] = [await spendingOf(store), await auditedFunds(store)];
    const task = draft({ reserved: 101 });

    expect(await reserve(store, task)).toEqual({
      state: 'key_exhausted',
      totalLimit: 2 * price + 100,
      used: price,
      remaining: 100,
    });
    expect(before).toMatchObject({ used: price, reserved: price });
    expect(await store.tasks.find(task.id)).toBeUndefined();
    expect(await spendingOf(store)).toEqual(before);
    expect(await auditedFunds(store)).toEqual(has);
  });

  test('the total limit counts what was charged, and not what was returned', async () => {
    const store = await fundedStore(make, 5000, { totalLimit: price });
    const { id } = await ask(store);
    await settle(store, completed({ id, charged: 400 }));

    expect(await ask(store, price - 400 + 1)).toMatchObject({ state: 'key_exhausted' });
    expect(await ask(store, price - 400)).toMatchObject({ state: 'reserved' });
  });

  test('the total limit of a key does not affect another key of the account', async () => {
    const store = await fundedStore(make, 5000, { totalLimit: 0 });
    await store.apiKeys.add({ ...(await findKeyOf(store)), keyId: other, totalLimit: price });

    expect(await reserve(store, draft({ keyId: other }))).toEqual({ state: 'reserved' });
    expect(await spendingOf(store)).toMatchObject({ reserved: 0 });
    expect(await spendingOf(store, other)).toMatchObject({ reserved: price });
  });
}

/** What every ledger guarantees when the limit of a key is changed. */
export function changedLimitContract(make: MakeStore): void {
  const asks = async (store: Store, count: number) => {
    const states = [];
    for (let n = 0; n < count; n += 1) states.push((await ask(store)).state);
    return states;
  };

  test('a limit that is raised by the price of two tasks admits two more', async () => {
    const store = await fundedStore(make, 20 * price, { totalLimit: 2 * price });
    expect(await asks(store, 3)).toEqual(['reserved', 'reserved', 'key_exhausted']);

    await store.apiKeys.change(keyId, { totalLimit: 4 * price });

    expect(await asks(store, 3)).toEqual(['reserved', 'reserved', 'key_exhausted']);
  });

  test('a limit that is lowered below the spending refuses tasks until enough was returned', async () => {
    const store = await fundedStore(make, 20 * price, { totalLimit: 4 * price });
    const [one, two] = [await ask(store), await ask(store)];

    await store.apiKeys.change(keyId, { totalLimit: price });
    await settle(store, failed({ id: one.id }));
    expect(await asks(store, 1)).toEqual(['key_exhausted']);

    await settle(store, failed({ id: two.id }));
    expect(await asks(store, 2)).toEqual(['reserved', 'key_exhausted']);
    expect(await auditedFunds(store)).toMatchObject({ reserved: price });
  });

  // Credits are returned to the shard that they were taken from, while other shards owe something.
  test.each(['totalLimit', 'dailyLimit'] as const)(
    'while the spending is above a lowered %s, returned credits cannot be spent again',
    async (limit) => {
      const store = await fundedStore(make, 40 * price, { [limit]: 12 * price });
      const opened = [];
      for (let n = 0; n < 12; n += 1) opened.push(await ask(store));
      await store.apiKeys.change(keyId, { [limit]: 4 * price });
      const states = [];
      for (const { id } of opened.slice(0, 8)) {
        await settle(store, failed({ id }));
        states.push((await ask(store)).state);
      }
      expect(opened.map(({ state }) => state)).toEqual(Array(12).fill('reserved'));
      expect(new Set(states).size).toBe(1); // eleven to four are spent, and the limit is four
      expect(states).not.toContain('reserved');

      for (const { id } of opened.slice(8, 10)) await settle(store, failed({ id }));
      const last = [await ask(store), await ask(store), await ask(store)];
      expect(last.map(({ state }) => state)).toEqual(['reserved', 'reserved', states[0]]);
    },
  );

  test('earlier spending of a key counts against a limit that it gets later', async () => {
    const store = await fundedStore(make, 20 * price);
    await asks(store, 3);

    await store.apiKeys.change(keyId, { totalLimit: 5 * price });

    expect(await asks(store, 3)).toEqual(['reserved', 'reserved', 'key_exhausted']);
    await store.apiKeys.change(keyId, { totalLimit: null });
    expect(await asks(store, 1)).toEqual(['reserved']);
  });

  test('a daily limit of zero that is raised during the day admits tasks at once', async () => {
    const store = await fundedStore(make, 20 * price, { dailyLimit: 0 });
    expect(await asks(store, 1)).toEqual(['key_exhausted_today']);

    await store.apiKeys.change(keyId, { dailyLimit: price });

    expect(await asks(store, 2)).toEqual(['reserved', 'key_exhausted_today']);
  });

  test('spending of the day counts against a daily limit that is changed during the day', async () => {
    const store = await fundedStore(make, 20 * price, { dailyLimit: 2 * price });
    await asks(store, 2);

    await store.apiKeys.change(keyId, { dailyLimit: 3 * price });
    expect(await asks(store, 2)).toEqual(['reserved', 'key_exhausted_today']);
    await store.apiKeys.change(keyId, { dailyLimit: price });
    expect(await asks(store, 1)).toEqual(['key_exhausted_today']);
    expect(await spendingOf(store)).toMatchObject({ today: 3 * price });
  });
}

/** What every ledger guarantees about the daily limit of a key. */
export function dailyLimitContract(make: MakeStore): void {
  test.each([
    ['UTC', '2026-11-22T23:59:59.999Z'],
    ['Asia/Shanghai', '2026-11-22T15:59:59.999Z'],
    ['America/New_York', '2026-11-23T04:59:59.999Z'],
  ])('the daily limit starts again at midnight in %s', async (timeZone, last) => {
    const store = await fundedStore(make, 5000, { dailyLimit: price, timeZone });
    const end = utc(last);

    expect(await ask(store, price, end - 1000)).toMatchObject({ state: 'reserved' });
    expect(await reserve(store, draft({ reserved: 1, createdAt: end }))).toEqual({
      state: 'key_exhausted_today',
      dailyLimit: price,
      remaining: 0,
    });
    expect(await ask(store, price + 1, end + 1)).toMatchObject({ state: 'key_exhausted_today' });
    expect(await ask(store, price, end + 1)).toMatchObject({ state: 'reserved' });
    expect(await auditedFunds(store)).toMatchObject({ reserved: 2 * price });
  });

  test('a task of today returns its credits to the daily limit of today', async () => {
    const store = await fundedStore(make, 5000, { dailyLimit: price });
    const { id } = await ask(store);
    await settle(store, completed({ id, charged: 400 }));

    expect(await spendingOf(store)).toMatchObject({ today: 400 });
    expect(await ask(store, price - 400 + 1)).toMatchObject({ state: 'key_exhausted_today' });
    expect(await ask(store, price - 400)).toMatchObject({ state: 'reserved' });
  });

  test.each([
    // In UTC the first task belongs to the day before, so nothing of it is spent today.
    ['UTC', price],
    // In Shanghai both tasks belong to the same day, which gets back what the first one has spent.
    ['Asia/Shanghai', 0],
  ])(
    'a task returns its credits to the day that paid for it, and to no other, in %s',
    async (timeZone, left) => {
      const store = await fundedStore(make, 9000, { dailyLimit: 2 * price, timeZone });
      const [before, after] = [utc('2026-11-22T23:00Z'), utc('2026-11-23T01:00Z')];
      const first = await ask(store, price, before);
      await ask(store, price, after);
      const today = async (reserved: number) => (await ask(store, reserved, after)).state;
      expect(await today(left + 1)).toBe('key_exhausted_today');

      await settle(
        store,
        failed({ id: first.id, createdAt: before, reserved: price, finishedAt: after }),
      );

      expect(await today(price + 1)).toBe('key_exhausted_today');
      expect(await today(price)).toBe('reserved');
    },
  );

  // At midnight a request may be late, and clocks always differ a little.
  test('a late request of yesterday counts for yesterday', async () => {
    const store = await fundedStore(make, 9000, { dailyLimit: 2 * price });
    const midnight = utc('2026-11-23T00:00Z');
    await ask(store, price, midnight);

    expect(await ask(store, 2 * price, midnight - 1)).toMatchObject({ state: 'reserved' });
    expect(await ask(store, price, midnight + 1)).toMatchObject({ state: 'reserved' });
    expect(await ask(store, 1, midnight + 1)).toMatchObject({ state: 'key_exhausted_today' });
    expect(await ask(store, 1, midnight - 1)).toMatchObject({ state: 'key_exhausted_today' });
  });

  test('the daily limit is checked after the total limit and before the balance of the account', async () => {
    const store = await fundedStore(make, 100, { dailyLimit: 0, totalLimit: 0 });
    expect(await ask(store)).toMatchObject({ state: 'key_exhausted' });

    await store.apiKeys.change(keyId, { totalLimit: null });
    expect(await ask(store)).toMatchObject({ state: 'key_exhausted_today' });

    await store.apiKeys.change(keyId, { dailyLimit: null });
    expect(await ask(store)).toMatchObject({ state: 'insufficient' });
  });
}
