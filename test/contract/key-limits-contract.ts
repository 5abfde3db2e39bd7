import { expect, test } from 'vitest';
import { completed, failed, sampleTime } from '../support/tasks.ts';
import { sound } from './sound.ts';
import { draft, funded, keyId, keyIn, type Make, type Store } from './stores.ts';

const price = 1200;
const other = 'key-fedcba9876543210';
const utc = Date.parse;

/** Opens a task of this price at this time, and answers what became of it. */
async function ask(store: Store, reserved = price, createdAt = sampleTime) {
  const task = draft({ reserved, createdAt });
  const { state } = await store.ledger.open(task);
  return { state, id: task.id };
}

/** What every ledger guarantees about the limit of all that a key may ever spend. */
export function totalLimitContract(make: Make): void {
  test.each([
    ['may be reached', price, 'opened'],
    ['may not be passed by a milli-credit', price - 1, 'key-exhausted'],
    ['may be that nothing is spent', 0, 'key-exhausted'],
  ])('%s', async (_, totalLimit, state) => {
    const store = await funded(make, 5000, { totalLimit });

    expect(await ask(store)).toMatchObject({ state });
  });

  test('is told with what was spent, and nothing is written', async () => {
    const store = await funded(make, 5000, { totalLimit: 2 * price + 100 });
    const first = await ask(store);
    await ask(store);
    await store.ledger.settle(completed({ id: first.id, charged: price }));
    const [before, has] = [await keyIn(store), await sound(store)];
    const task = draft({ reserved: 101 });

    expect(await store.ledger.open(task)).toEqual({ state: 'key-exhausted', key: before });
    expect(before).toMatchObject({ used: price, reserved: price, totalLimit: 2 * price + 100 });
    expect(await store.tasks.find(task.id)).toBeUndefined();
    expect(await keyIn(store)).toEqual(before);
    expect(await sound(store)).toEqual(has);
  });

  test('counts what was charged, and what was returned no more', async () => {
    const store = await funded(make, 5000, { totalLimit: price });
    const { id } = await ask(store);
    await store.ledger.settle(completed({ id, charged: 400 }));

    expect(await ask(store, price - 400 + 1)).toMatchObject({ state: 'key-exhausted' });
    expect(await ask(store, price - 400)).toMatchObject({ state: 'opened' });
  });

  test('is that of one key, and another one of the account goes on', async () => {
    const store = await funded(make, 5000, { totalLimit: 0 });
    await store.apiKeys.add({ ...(await keyIn(store)), keyId: other, totalLimit: price });

    expect(await store.ledger.open(draft({ keyId: other }))).toEqual({ state: 'opened' });
    expect(await keyIn(store)).toMatchObject({ reserved: 0, moves: 0 });
    expect(await keyIn(store, other)).toMatchObject({ reserved: price, moves: 1 });
  });
}

/** What every ledger guarantees about the limit of what a key may spend on one day. */
export function dailyLimitContract(make: Make): void {
  test.each([
    ['UTC', '2026-11-22', '2026-11-22T23:59:59.999Z'],
    ['Asia/Shanghai', '2026-11-22', '2026-11-22T15:59:59.999Z'],
    ['America/New_York', '2026-11-22', '2026-11-23T04:59:59.999Z'],
  ])('begins anew at midnight in %s', async (timeZone, day, last) => {
    const store = await funded(make, 5000, { dailyLimit: price, timeZone });
    const end = utc(last);

    expect(await ask(store, price, end - 1000)).toMatchObject({ state: 'opened' });
    const key = await keyIn(store);
    expect(key).toMatchObject({ day, dayUsed: price });
    expect(await store.ledger.open(draft({ reserved: 1, createdAt: end }))).toEqual({
      ...{ state: 'key-exhausted-today', key, dayUsed: price },
    });
    expect(await ask(store, price + 1, end + 1)).toMatchObject({ state: 'key-exhausted-today' });
    expect(await ask(store, price, end + 1)).toMatchObject({ state: 'opened' });
    expect(await sound(store)).toMatchObject({ reserved: 2 * price });
  });

  test('gets back today what a task of today returns', async () => {
    const store = await funded(make, 5000, { dailyLimit: price });
    const { id } = await ask(store);
    await store.ledger.settle(completed({ id, charged: 400 }));

    expect(await keyIn(store)).toMatchObject({ day: '2025-09-06', dayUsed: 400 });
    expect(await ask(store, price - 400 + 1)).toMatchObject({ state: 'key-exhausted-today' });
    expect(await ask(store, price - 400)).toMatchObject({ state: 'opened' });
  });

  test.each([
    // In UTC the first one was of the day before.
    ['UTC', 1000],
    // In Shanghai both are of the same day.
    ['Asia/Shanghai', 0],
  ])('gets nothing back today from a task of yesterday in %s', async (timeZone, left) => {
    const store = await funded(make, 5000, { dailyLimit: 5000, timeZone });
    const [before, after] = [utc('2026-11-22T23:00Z'), utc('2026-11-23T01:00Z')];
    const first = await ask(store, price, before);
    await ask(store, 1000, after);
    const { dayUsed } = await keyIn(store);

    await store.ledger.settle(
      failed({ id: first.id, createdAt: before, reserved: price, finishedAt: after }),
    );

    expect(dayUsed).toBe(1000 + (left === 0 ? price : 0));
    expect(await keyIn(store)).toMatchObject({ day: '2026-11-23', dayUsed: 1000, reserved: 1000 });
  });

  // At midnight requests overtake each other, and clocks differ at any time.
  test('does not forget today when a request of yesterday comes late', async () => {
    const store = await funded(make, 5000, { dailyLimit: 2 * price });
    const midnight = utc('2026-11-23T00:00Z');
    await ask(store, price, midnight);
    const late = await ask(store, price, midnight - 1);

    expect(await ask(store, price, midnight + 1)).toMatchObject({ state: 'key-exhausted-today' });
    expect(late.state).toBe('opened');
    expect(await keyIn(store)).toMatchObject({ day: '2026-11-23', dayUsed: 2 * price });
  });

  test('is asked after the limit of all, and before the credits of the account', async () => {
    const store = await funded(make, 100, { dailyLimit: 0, totalLimit: 0 });
    expect(await ask(store)).toMatchObject({ state: 'key-exhausted' });

    await store.apiKeys.change(keyId, { totalLimit: null });
    expect(await ask(store)).toMatchObject({ state: 'key-exhausted-today' });

    await store.apiKeys.change(keyId, { dailyLimit: null });
    expect(await ask(store)).toMatchObject({ state: 'insufficient' });
  });
}
