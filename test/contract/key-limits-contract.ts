import { expect, test } from 'vitest';
import { completed, failed, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import { draft, findKeyOf, fundedStore, keyId, type MakeStore, type Store } from './stores.ts';

const price = 1200;
const other = 'key-fedcba9876543210';
const utc = Date.parse;

/** Opens a task with this price at this time; returns the result. */
async function ask(store: Store, reserved = price, createdAt = sampleTime) {
  const task = draft({ reserved, createdAt });
  const { state } = await store.ledger.reserve(task);
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
    await store.ledger.settle(completed({ id: first.id, charged: price }));
    const [before, has] = [await findKeyOf(store), await auditedFunds(store)];
    const task = draft({ reserved: 101 });

    expect(await store.ledger.reserve(task)).toEqual({ state: 'key_exhausted', key: before });
    expect(before).toMatchObject({ used: price, reserved: price, totalLimit: 2 * price + 100 });
    expect(await store.tasks.find(task.id)).toBeUndefined();
    expect(await findKeyOf(store)).toEqual(before);
    expect(await auditedFunds(store)).toEqual(has);
  });

  test('the total limit counts what was charged, and not what was returned', async () => {
    const store = await fundedStore(make, 5000, { totalLimit: price });
    const { id } = await ask(store);
    await store.ledger.settle(completed({ id, charged: 400 }));

    expect(await ask(store, price - 400 + 1)).toMatchObject({ state: 'key_exhausted' });
    expect(await ask(store, price - 400)).toMatchObject({ state: 'reserved' });
  });

  test('the total limit of a key does not affect another key of the account', async () => {
    const store = await fundedStore(make, 5000, { totalLimit: 0 });
    await store.apiKeys.add({ ...(await findKeyOf(store)), keyId: other, totalLimit: price });

    expect(await store.ledger.reserve(draft({ keyId: other }))).toEqual({ state: 'reserved' });
    expect(await findKeyOf(store)).toMatchObject({ reserved: 0, version: 0 });
    expect(await findKeyOf(store, other)).toMatchObject({ reserved: price, version: 1 });
  });
}

/** What every ledger guarantees about the daily limit of a key. */
export function dailyLimitContract(make: MakeStore): void {
  test.each([
    ['UTC', '2026-11-22', '2026-11-22T23:59:59.999Z'],
    ['Asia/Shanghai', '2026-11-22', '2026-11-22T15:59:59.999Z'],
    ['America/New_York', '2026-11-22', '2026-11-23T04:59:59.999Z'],
  ])('the daily limit starts again at midnight in %s', async (timeZone, day, last) => {
    const store = await fundedStore(make, 5000, { dailyLimit: price, timeZone });
    const end = utc(last);

    expect(await ask(store, price, end - 1000)).toMatchObject({ state: 'reserved' });
    const key = await findKeyOf(store);
    expect(key).toMatchObject({ day, dayUsed: price });
    expect(await store.ledger.reserve(draft({ reserved: 1, createdAt: end }))).toEqual({
      state: 'key_exhausted_today',
      key,
      dayUsed: price,
    });
    expect(await ask(store, price + 1, end + 1)).toMatchObject({ state: 'key_exhausted_today' });
    expect(await ask(store, price, end + 1)).toMatchObject({ state: 'reserved' });
    expect(await auditedFunds(store)).toMatchObject({ reserved: 2 * price });
  });

  test('a task of today returns its credits to the daily limit of today', async () => {
    const store = await fundedStore(make, 5000, { dailyLimit: price });
    const { id } = await ask(store);
    await store.ledger.settle(completed({ id, charged: 400 }));

    expect(await findKeyOf(store)).toMatchObject({ day: '2025-09-06', dayUsed: 400 });
    expect(await ask(store, price - 400 + 1)).toMatchObject({ state: 'key_exhausted_today' });
    expect(await ask(store, price - 400)).toMatchObject({ state: 'reserved' });
  });

  test.each([
    // In UTC the first task belongs to the day before.
    ['UTC', 1000],
    // In Shanghai both tasks belong to the same day.
    ['Asia/Shanghai', 0],
  ])(
    'a task of yesterday returns nothing to the daily limit of today in %s',
    async (timeZone, left) => {
      const store = await fundedStore(make, 5000, { dailyLimit: 5000, timeZone });
      const [before, after] = [utc('2026-11-22T23:00Z'), utc('2026-11-23T01:00Z')];
      const first = await ask(store, price, before);
      await ask(store, 1000, after);
      const { dayUsed } = await findKeyOf(store);

      await store.ledger.settle(
        failed({ id: first.id, createdAt: before, reserved: price, finishedAt: after }),
      );

      expect(dayUsed).toBe(1000 + (left === 0 ? price : 0));
      expect(await findKeyOf(store)).toMatchObject({
        day: '2026-11-23',
        dayUsed: 1000,
        reserved: 1000,
      });
    },
  );

  // At midnight a request may be late, and clocks always differ a little.
  test('a late request of yesterday does not reset the daily limit of today', async () => {
    const store = await fundedStore(make, 5000, { dailyLimit: 2 * price });
    const midnight = utc('2026-11-23T00:00Z');
    await ask(store, price, midnight);
    const late = await ask(store, price, midnight - 1);

    expect(await ask(store, price, midnight + 1)).toMatchObject({ state: 'key_exhausted_today' });
    expect(late.state).toBe('reserved');
    expect(await findKeyOf(store)).toMatchObject({ day: '2026-11-23', dayUsed: 2 * price });
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
