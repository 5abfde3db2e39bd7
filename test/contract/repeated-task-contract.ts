import { expect, test } from 'vitest';
import { idempotencyTtlMs } from '../../functions/domain/billing/idempotency.ts';
import { sampleKey, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import {
  account,
  draft,
  fundedStore,
  grant,
  keyId,
  type MakeStore,
  reserve,
  type Store,
  spendingOf,
} from './stores.ts';

const key = {
  id: 'key-sample#0123456789abcdef',
  requestHash: 'hash of the first',
  expiresAt: sampleTime + idempotencyTtlMs,
};

type Change = (store: Store) => Promise<unknown>;

const situations: readonly (readonly [string, Change])[] = [
  ['nothing prevents another task', (store) => grant(store, account, 5000)],
  ['no credits are left', async () => undefined],
  ['its key is exhausted', (store) => changeKey(store, { totalLimit: 1200 })],
  ['its key is exhausted for today', (store) => changeKey(store, { dailyLimit: 1200 })],
  ['as many tasks as allowed are in flight', limitTasksInFlight],
  ['its key was deleted', (store) => store.apiKeys.remove(keyId)],
];

async function changeKey(store: Store, limit: { totalLimit: number } | { dailyLimit: number }) {
  await grant(store, account, 5000);
  await store.apiKeys.change(keyId, limit);
}

async function limitTasksInFlight(store: Store) {
  await grant(store, account, 5000);
  await store.accounts.change(account, { limits: { tasksInFlight: 1 } });
}

/** What was spent through the sample key, also when it was deleted. */
async function spendingOfAny({ apiKeys }: Store) {
  const spending = await apiKeys.spending([sampleKey()]);
  return spending.get(keyId);
}

/** What every ledger guarantees about repeated requests for a task. */
export function repeatedTaskContract(make: MakeStore): void {
  test.each(situations)(
    'a repeated request gets the first task, also when %s',
    async (_, happen) => {
      const store = await fundedStore(make, 1200);
      const [first, next] = [draft(), draft()];
      await reserve(store, first, key);
      await happen(store);
      const [had, spent] = [await auditedFunds(store), await spendingOfAny(store)];

      for (const requestHash of [key.requestHash, 'hash of another']) {
        expect(await reserve(store, next, { ...key, requestHash })).toEqual({
          state: 'idempotency_key_used',
          taskId: first.id,
          requestHash: key.requestHash,
        });
      }

      expect(await store.tasks.find(next.id)).toBeUndefined();
      expect(await auditedFunds(store)).toEqual(had);
      expect(await spendingOfAny(store)).toEqual(spent);
    },
  );

  test('an idempotency key belongs to one API key', async () => {
    const store = await fundedStore(make, 5000);
    await reserve(store, draft(), key);

    const other = { ...key, id: 'key-other#0123456789abcdef' };
    expect(await reserve(store, draft(), other)).toEqual({ state: 'reserved' });
    expect(await spendingOf(store)).toMatchObject({ reserved: 2400 });
  });

  test('an idempotency key can be used again once it has expired, and not before', async () => {
    const store = await fundedStore(make, 5000);
    const later = (ms: number) => draft({ createdAt: key.expiresAt + ms });
    const fresh = { ...key, requestHash: 'hash of the next', expiresAt: key.expiresAt * 2 };
    const next = later(1000);
    await reserve(store, draft(), key);

    expect(await reserve(store, later(-1), fresh)).toMatchObject({
      state: 'idempotency_key_used',
    });
    expect(await reserve(store, next, fresh)).toEqual({ state: 'reserved' });
    expect(await reserve(store, later(2000), key)).toEqual({
      state: 'idempotency_key_used',
      taskId: next.id,
      requestHash: fresh.requestHash,
    });
  });

  test('an expired idempotency key leads to no task, also when no credits are left', async () => {
    const store = await fundedStore(make, 1200);
    await reserve(store, draft(), key);

    const late = draft({ createdAt: key.expiresAt + 1000 });
    expect(await reserve(store, late, key)).toEqual({ state: 'insufficient', balance: 0 });
  });
}
