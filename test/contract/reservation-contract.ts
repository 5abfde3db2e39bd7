import { expect, test } from 'vitest';
import { idempotencyTtlMs } from '../../functions/domain/billing/idempotency.ts';
import { noSpending } from '../../functions/domain/model/api-key.ts';
import { keyOf, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import {
  account,
  draft,
  findKeyOf,
  fundedStore,
  grant,
  keyId,
  type MakeStore,
  openTask,
} from './stores.ts';

const nothing = { reserved: 0, used: 0, inFlight: 0 };

/** What every ledger guarantees about opening tasks. */
export function reservationContract(make: MakeStore): void {
  test('opening a task reserves its price, down to the last credit', async () => {
    const store = await fundedStore(make, 1200);
    const task = draft();

    expect(await store.ledger.reserve(task)).toEqual({ state: 'reserved' });
    expect(await store.tasks.find(task.id)).toEqual(task);
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

      expect(await store.ledger.reserve(task, idempotencyRecord)).toEqual({
        state: 'insufficient',
        balance: credits,
      });
      expect(await store.tasks.find(task.id)).toBeUndefined();
      expect(await auditedFunds(store)).toEqual({ balance: credits, ...nothing });
      expect(await findKeyOf(store)).toMatchObject(noSpending);

      await grant(store, account, 1200);
      expect(await store.ledger.reserve(task, idempotencyRecord)).toEqual({ state: 'reserved' });
    },
  );

  test('opening a task for an account that does not exist is an error', async () => {
    const { ledger, tasks } = await make();
    const task = draft({ account: 'nobody' });

    await expect(ledger.reserve(task)).rejects.toThrow('nobody');
    expect(await tasks.find(task.id)).toBeUndefined();
  });

  test('opening a task with an id that exists is an error, and the first task does not change', async () => {
    const store = await make();
    const task = await openTask(store);
    await grant(store, account, 5000);

    await expect(store.ledger.reserve({ ...task, prompt: 'Another' })).rejects.toThrow(task.id);

    expect(await store.tasks.find(task.id)).toEqual(task);
    expect(await auditedFunds(store)).toEqual({
      balance: 5000,
      reserved: 1200,
      used: 0,
      inFlight: 1,
    });
    expect(await findKeyOf(store)).toMatchObject({ reserved: 1200, version: 1 });
  });

  test.each<[string, string]>([
    ['was deleted', keyId],
    ['does not exist', keyOf('somebody-else')],
  ])('opening a task with a key that %s writes nothing', async (_, missingKeyId) => {
    const store = await fundedStore(make, 5000);
    await store.apiKeys.remove(keyId);
    const task = draft({ keyId: missingKeyId });

    expect(await store.ledger.reserve(task)).toEqual({ state: 'key_deleted' });
    expect(await store.tasks.find(task.id)).toBeUndefined();
    expect(await auditedFunds(store)).toEqual({ balance: 5000, ...nothing });
  });

  test('a task is paid by its own account, and counted for its own key only', async () => {
    const store = await fundedStore(make, 5000);
    await grant(store, 'studio', 5000);

    await openTask(store);

    expect(await auditedFunds(store, 'studio')).toEqual({ balance: 5000, ...nothing });
    expect(await findKeyOf(store, keyOf('studio'))).toMatchObject(noSpending);
    expect(await findKeyOf(store)).toMatchObject({ reserved: 1200, used: 0, version: 1 });
  });
}
