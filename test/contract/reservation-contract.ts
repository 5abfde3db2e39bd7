import { expect, test } from 'vitest';
import { idempotencyTtlMs } from '../../functions/domain/billing/idempotency.ts';
import { noSpending } from '../../functions/domain/model/api-key.ts';
import { keyOf, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import {
  account,
  draft,
  findTask,
  fundedStore,
  grant,
  keyId,
  type MakeStore,
  openTask,
  reserve,
  spendingOf,
} from './stores.ts';

const nothing = { reserved: 0, used: 0, inFlight: 0 };

/** What every ledger guarantees about opening tasks. */
export function reservationContract(make: MakeStore): void {
  test('opening a task reserves its price, down to the last credit', async () => {
    const store = await fundedStore(make, 1200);
    const task = draft();

    expect(await reserve(store, task)).toEqual({ state: 'reserved' });
    expect(await findTask(store, task.id)).toEqual(task);
    expect(await auditedFunds(store)).toEqual({ balance: 0, reserved: 1200, used: 0, inFlight: 1 });
  });

  test.each([
    ['without enough credits', 1199],
    ['without any credits', 0],
  ])(
    'opening a task %s writes nothing, and does not use up its idempotency key',
    async (_, credits) => {
      const store = await fundedStore(make, credits);
      const task = draft();
      const idempotencyRecord = {
        id: 'key-sample#0123456789abcdef',
        requestHash: 'hash',
        expiresAt: sampleTime + idempotencyTtlMs,
      };

      expect(await reserve(store, task, idempotencyRecord)).toEqual({
        state: 'insufficient',
        balance: credits,
      });
      expect(await store.tasks.find(task.id)).toBeUndefined();
      expect(await auditedFunds(store)).toEqual({ balance: credits, ...nothing });
      expect(await spendingOf(store)).toMatchObject(noSpending);

      await grant(store, account, 1200);
      expect(await reserve(store, task, idempotencyRecord)).toEqual({ state: 'reserved' });
    },
  );

  test('a task keeps its metadata, whatever names the caller has chosen', async () => {
    const store = await fundedStore(make, 1200);
    const metadata = JSON.parse('{"constructor":"x","toString":"y","order 7":"","ключ":"z"}');
    const task = draft({ metadata });

    expect(await reserve(store, task)).toEqual({ state: 'reserved' });
    expect((await store.tasks.find(task.id))?.metadata).toEqual(metadata);
  });

  test('a task keeps its metadata in the order in which it was sent, and names that need an escape in JSON', async () => {
    const store = await fundedStore(make, 4800);
    for (const names of [['b', 'a'], ['\\'], ['\n'], ['"']]) {
      const metadata = Object.fromEntries(names.map((name) => [name, '']));
      const task = draft({ metadata });
      expect(await reserve(store, task)).toEqual({ state: 'reserved' });

      expect(Object.keys((await store.tasks.find(task.id))?.metadata ?? {})).toEqual(names);
    }
  });

  test('opening a task for an account that does not exist is an error', async () => {
    const store = await make();
    const task = draft({ account: 'nobody' });

    await expect(reserve(store, task)).rejects.toThrow('nobody');
    expect(await store.tasks.find(task.id)).toBeUndefined();
  });

  test('opening a task with an id that exists is an error, and the first task does not change', async () => {
    const store = await make();
    const task = await openTask(store);
    await grant(store, account, 5000);

    await expect(reserve(store, { ...task, prompt: 'Another' })).rejects.toThrow(task.id);

    expect(await store.tasks.find(task.id)).toEqual(task);
    expect(await auditedFunds(store)).toEqual({
      balance: 5000,
      reserved: 1200,
      used: 0,
      inFlight: 1,
    });
    expect(await spendingOf(store)).toMatchObject({ reserved: 1200 });
  });

  test('opening a task that cannot be paid, with a key that was deleted, says that the key is gone', async () => {
    const store = await fundedStore(make, 0);
    await store.apiKeys.remove(keyId);
    const task = draft();

    expect(await reserve(store, task)).toEqual({ state: 'key_deleted' });
    expect(await store.tasks.find(task.id)).toBeUndefined();
    expect(await auditedFunds(store)).toEqual({ balance: 0, ...nothing });
  });

  test('a task is paid by its own account, and counted for its own key only', async () => {
    const store = await fundedStore(make, 5000);
    await grant(store, 'studio', 5000);

    await openTask(store);

    expect(await auditedFunds(store, 'studio')).toEqual({ balance: 5000, ...nothing });
    expect(await spendingOf(store, keyOf('studio'))).toMatchObject(noSpending);
    expect(await spendingOf(store)).toMatchObject({ reserved: 1200, used: 0 });
  });
}
