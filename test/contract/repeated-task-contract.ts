import { expect, test } from 'vitest';
import { rememberedForMs } from '../../functions/task/remember.ts';
import { sampleTime } from '../support/tasks.ts';
import { sound } from './sound.ts';
import { account, draft, funded, grant, keyId, keyIn, type Make, type Store } from './stores.ts';

const key = {
  id: 'key-sample#0123456789abcdef',
  requestHash: 'hash of the first',
  expiresAt: sampleTime + rememberedForMs,
};

type Change = (store: Store) => Promise<unknown>;

const inTheWay: readonly (readonly [string, Change])[] = [
  ['nothing is in its way', (store) => grant(store, account, 5000)],
  ['no credits are left', async () => undefined],
  ['its key is exhausted', (store) => changeKey(store, { totalLimit: 1200 })],
  ['its key is exhausted for today', (store) => changeKey(store, { dailyLimit: 1200 })],
  ['as many tasks as allowed are in flight', crowd],
  ['its key was deleted', (store) => store.apiKeys.remove(keyId)],
];

async function changeKey(store: Store, limit: { totalLimit: number } | { dailyLimit: number }) {
  await grant(store, account, 5000);
  await store.apiKeys.change(keyId, limit);
}

async function crowd(store: Store) {
  await grant(store, account, 5000);
  await store.accounts.change(account, { limits: { tasksInFlight: 1 } });
}

/** What every ledger guarantees about tasks that are asked for again. */
export function repeatedTaskContract(make: Make): void {
  test.each(inTheWay)('leads to the first task, also when %s', async (_, happen) => {
    const store = await funded(make, 1200);
    const [first, next] = [draft(), draft()];
    await store.ledger.open(first, key);
    await happen(store);
    const [had, spent] = [await sound(store), await store.apiKeys.find(keyId)];

    for (const requestHash of [key.requestHash, 'hash of another']) {
      expect(await store.ledger.open(next, { ...key, requestHash })).toEqual({
        ...{ state: 'remembered', taskId: first.id, requestHash: key.requestHash },
      });
    }

    expect(await store.tasks.find(next.id)).toBeUndefined();
    expect(await sound(store)).toEqual(had);
    expect(await store.apiKeys.find(keyId)).toEqual(spent);
  });

  test('belongs to one caller', async () => {
    const store = await funded(make, 5000);
    await store.ledger.open(draft(), key);

    const other = { ...key, id: 'key-other#0123456789abcdef' };
    expect(await store.ledger.open(draft(), other)).toEqual({ state: 'opened' });
    expect(await keyIn(store)).toMatchObject({ reserved: 2400, moves: 2 });
  });

  test('is new again once its time is over, and not before', async () => {
    const store = await funded(make, 5000);
    const later = (ms: number) => draft({ createdAt: key.expiresAt + ms });
    const fresh = { ...key, requestHash: 'hash of the next', expiresAt: key.expiresAt * 2 };
    const next = later(1000);
    await store.ledger.open(draft(), key);

    expect(await store.ledger.open(later(-1), fresh)).toMatchObject({ state: 'remembered' });
    expect(await store.ledger.open(next, fresh)).toEqual({ state: 'opened' });
    expect(await store.ledger.open(later(2000), key)).toEqual({
      ...{ state: 'remembered', taskId: next.id, requestHash: fresh.requestHash },
    });
  });

  test('that is over leads nowhere, also when no credits are left', async () => {
    const store = await funded(make, 1200);
    await store.ledger.open(draft(), key);

    const late = draft({ createdAt: key.expiresAt + 1000 });
    expect(await store.ledger.open(late, key)).toEqual({ state: 'insufficient', balance: 0 });
  });
}
