import { expect, test } from 'vitest';
import { defaultLimits } from '../../functions/domain/model/account.ts';
import { completed, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import {
  account,
  draft,
  findKeyOf,
  fundedStore,
  type MakeStore,
  reserve,
  type Store,
  settle,
} from './stores.ts';

async function open(store: Store, count: number): Promise<readonly string[]> {
  const tasks = Array.from({ length: count }, () => draft());
  for (const task of tasks) {
    expect(await reserve(store, task)).toEqual({ state: 'reserved' });
  }
  return tasks.map(({ id }) => id);
}

const limitTo = (store: Store, tasksInFlight: number | null) =>
  store.accounts.change(account, { limits: { tasksInFlight } });

/** What every ledger guarantees about the tasks in flight of an account. */
export function inFlightContract(make: MakeStore): void {
  test('as many tasks are opened as the limit allows, and one more writes nothing', async () => {
    const store = await fundedStore(make, 12_000);
    await limitTo(store, 3);
    await open(store, 3);
    const before = await findKeyOf(store);
    const task = draft();

    expect(await reserve(store, task)).toEqual({
      state: 'too_many_in_flight',
      tasksInFlight: 3,
    });
    expect(await store.tasks.find(task.id)).toBeUndefined();
    expect(await auditedFunds(store)).toEqual({
      balance: 8400,
      reserved: 3600,
      used: 0,
      inFlight: 3,
    });
    expect(await findKeyOf(store)).toEqual(before);
  });

  test('settling a task makes room for one task, once', async () => {
    const store = await fundedStore(make, 12_000);
    await limitTo(store, 2);
    const [first = ''] = await open(store, 2);

    await settle(store, completed({ id: first }));
    await settle(store, completed({ id: first, finishedAt: sampleTime }));

    await open(store, 1);
    expect(await reserve(store, draft())).toEqual({
      state: 'too_many_in_flight',
      tasksInFlight: 2,
    });
    expect(await auditedFunds(store)).toMatchObject({ used: 1200, inFlight: 2 });
  });

  test('the limit counts the tasks of all keys of the account', async () => {
    const store = await fundedStore(make, 12_000);
    await limitTo(store, 1);
    const other = { ...(await findKeyOf(store)), keyId: 'key-fedcba9876543210' };
    await store.apiKeys.add(other);
    await open(store, 1);

    expect(await reserve(store, draft({ keyId: other.keyId }))).toMatchObject({
      state: 'too_many_in_flight',
    });
  });

  test('lowering the limit below the tasks in flight keeps them and admits no other', async () => {
    const store = await fundedStore(make, 12_000);
    await open(store, 3);
    await limitTo(store, 1);

    expect(await reserve(store, draft())).toEqual({
      state: 'too_many_in_flight',
      tasksInFlight: 1,
    });
    expect(await auditedFunds(store)).toMatchObject({ inFlight: 3 });
  });

  test('raising the limit makes room, and so does removing it', async () => {
    const store = await fundedStore(make, 12_000);
    await limitTo(store, 2);
    await open(store, 2);
    const refused = { state: 'too_many_in_flight' };

    expect(await reserve(store, draft())).toMatchObject(refused);
    await limitTo(store, 3);
    await open(store, 1);
    expect(await reserve(store, draft())).toMatchObject(refused);
    await limitTo(store, null);
    await open(store, 1);
  });

  test('an account has the default limit until it gets its own, and again when its own is removed', async () => {
    const store = await fundedStore(make, 12_000);
    const { tasksInFlight } = defaultLimits;
    const [one = ''] = await open(store, 3);

    for (const limit of [tasksInFlight, null]) {
      await limitTo(store, limit);
      await open(store, 1);
      await limitTo(store, 3);
      expect(await reserve(store, draft())).toMatchObject({ state: 'too_many_in_flight' });
    }
    await settle(store, completed({ id: one }));
    expect(await auditedFunds(store)).toMatchObject({ inFlight: 4 });
  });
}
