import { expect, test } from 'vitest';
import { defaultLimits } from '../../functions/task/account.ts';
import { completed, sampleTime } from '../support/tasks.ts';
import { sound } from './sound.ts';
import { account, draft, funded, keyIn, type Make, type Store } from './stores.ts';

async function open(store: Store, count: number): Promise<readonly string[]> {
  const tasks = Array.from({ length: count }, () => draft());
  for (const task of tasks) {
    expect(await store.ledger.open(task)).toEqual({ state: 'opened' });
  }
  return tasks.map(({ id }) => id);
}

const limitTo = (store: Store, tasksInFlight: number | null) =>
  store.accounts.change(account, { limits: { tasksInFlight } });

/** What every ledger guarantees about how many tasks of an account go on at once. */
export function inFlightContract(make: Make): void {
  test('are as many as the account may have, and one more writes nothing', async () => {
    const store = await funded(make, 12_000);
    await limitTo(store, 3);
    await open(store, 3);
    const before = await keyIn(store);
    const task = draft();

    expect(await store.ledger.open(task)).toEqual({ state: 'crowded', tasksInFlight: 3 });
    expect(await store.tasks.find(task.id)).toBeUndefined();
    expect(await sound(store)).toEqual({ balance: 8400, reserved: 3600, used: 0, inFlight: 3 });
    expect(await keyIn(store)).toEqual(before);
  });

  test('make room when one is settled, once', async () => {
    const store = await funded(make, 12_000);
    await limitTo(store, 2);
    const [first = ''] = await open(store, 2);

    await store.ledger.settle(completed({ id: first }));
    await store.ledger.settle(completed({ id: first, finishedAt: sampleTime }));

    await open(store, 1);
    expect(await store.ledger.open(draft())).toEqual({ state: 'crowded', tasksInFlight: 2 });
    expect(await sound(store)).toMatchObject({ used: 1200, inFlight: 2 });
  });

  test('count for all keys of the account together', async () => {
    const store = await funded(make, 12_000);
    await limitTo(store, 1);
    const other = { ...(await keyIn(store)), keyId: 'key-fedcba9876543210' };
    await store.apiKeys.add(other);
    await open(store, 1);

    expect(await store.ledger.open(draft({ keyId: other.keyId }))).toMatchObject({
      state: 'crowded',
    });
  });

  test('stay when the limit is lowered below them, and none is added', async () => {
    const store = await funded(make, 12_000);
    await open(store, 3);
    await limitTo(store, 1);

    expect(await store.ledger.open(draft())).toEqual({ state: 'crowded', tasksInFlight: 1 });
    expect(await sound(store)).toMatchObject({ inFlight: 3 });
  });

  test('have a limit when none was given, and again when one was taken back', async () => {
    const store = await funded(make, 1_000_000);
    const { tasksInFlight } = defaultLimits;
    await open(store, tasksInFlight);

    expect(await store.ledger.open(draft())).toEqual({ state: 'crowded', tasksInFlight });
    await limitTo(store, tasksInFlight + 1);
    await open(store, 1);
    await limitTo(store, null);
    expect(await store.ledger.open(draft())).toEqual({ state: 'crowded', tasksInFlight });
  });
}
