import { expect, test } from 'vitest';
import { sampleTime } from '../support/tasks.ts';
import { patiently } from './patiently.ts';
import { sound } from './sound.ts';
import { account, draft, funded, keyIn, type Make, type Store } from './stores.ts';

const price = 1200;
const many = 50;
const key = {
  ...{ id: 'key#0123456789abcdef', requestHash: 'hash' },
  expiresAt: sampleTime * 2,
};

/** Opens tasks all at once: how often it came to what, and how many tasks there are then. */
async function openings(store: Store, remembered?: typeof key) {
  const tasks = Array.from({ length: many }, () => draft());
  const answers = await Promise.all(
    tasks.map((task) => patiently(() => store.ledger.open(task, remembered))),
  );
  const found = await Promise.all(tasks.map(({ id }) => store.tasks.find(id)));
  const states = Object.groupBy(answers, ({ state }) => state);
  return {
    states: Object.fromEntries(Object.entries(states).map(([state, all]) => [state, all.length])),
    led: new Set(answers.flatMap((answer) => ('taskId' in answer ? answer.taskId : []))),
    tasks: found.flatMap((task) => task ?? []),
  };
}

/** What every ledger guarantees when all ask for tasks at once. */
export function rushOpeningContract(make: Make): void {
  test('as many tasks are opened as there are credits for', async () => {
    const store = await funded(make, 20 * price + price - 1);

    const { states, tasks } = await openings(store);

    expect(states).toEqual({ opened: 20, insufficient: many - 20 });
    expect(tasks).toHaveLength(20);
    expect(await sound(store)).toEqual({
      ...{ balance: price - 1, reserved: 20 * price, used: 0, inFlight: 20 },
    });
  });

  test.each([
    ['there are credits for all', many * price],
    ['only one can be paid', price],
  ])('one idempotency key opens one task, which all others are led to, when %s', async (_, has) => {
    const store = await funded(make, has);

    const { states, led, tasks } = await openings(store, key);

    expect(states).toEqual({ opened: 1, remembered: many - 1 });
    expect(tasks.map(({ id }) => id)).toEqual([...led]);
    expect(await sound(store)).toEqual({
      ...{ balance: has - price, reserved: price, used: 0, inFlight: 1 },
    });
    expect(await keyIn(store)).toMatchObject({ reserved: price, moves: 1 });
  });

  test.each([
    ['its limit', 'key-exhausted', { totalLimit: 7 * price + price - 1 }],
    ['its limit for today', 'key-exhausted-today', { dailyLimit: 7 * price }],
  ])('a key never passes %s', async (_, refusal, change) => {
    const store = await funded(make, many * price, change);

    const { states, tasks } = await openings(store);

    expect(states).toEqual({ opened: 7, [refusal]: many - 7 });
    expect(tasks).toHaveLength(7);
    expect(await keyIn(store)).toMatchObject({ reserved: 7 * price, dayUsed: 7 * price, moves: 7 });
  });

  test('no more tasks are in flight than the account may have', async () => {
    const store = await funded(make, many * price);
    await store.accounts.change(account, { limits: { tasksInFlight: 7 } });

    const { states, tasks } = await openings(store);

    expect(states).toEqual({ opened: 7, crowded: many - 7 });
    expect(tasks).toHaveLength(7);
    expect(await sound(store)).toMatchObject({ inFlight: 7 });
  });
}
