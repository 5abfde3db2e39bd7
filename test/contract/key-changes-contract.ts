import { expect, test } from 'vitest';
import type { ApiKey, KeyChange } from '../../functions/domain/model/api-key.ts';
import { completed, sampleKey } from '../support/tasks.ts';
import {
  draft,
  findKeyOf,
  fullKey,
  fundedStore,
  keyId,
  type MakeStore,
  reserve,
  settle,
  spendingOf,
  storeWithAccount,
} from './stores.ts';

/** What every store guarantees about changing a key. */
export function keyChangesContract(make: MakeStore): void {
  test.each<[KeyChange, Partial<ApiKey>]>([
    [{ name: 'renamed' }, { name: 'renamed' }],
    [{ enabled: false }, { enabled: false }],
    [{ scopes: ['admin'] }, { scopes: ['admin'] }],
    [{ timeZone: 'UTC' }, { timeZone: 'UTC' }],
    [{ expiresAt: 7 }, { expiresAt: 7 }],
    [{ expiresAt: null }, { expiresAt: undefined }],
    [{ totalLimit: 0 }, { totalLimit: 0 }],
    [{ totalLimit: null }, { totalLimit: undefined }],
    [{ dailyLimit: 1 }, { dailyLimit: 1 }],
    [{ dailyLimit: null }, { dailyLimit: undefined }],
    [{ allowedModels: ['a', 'b'] }, { allowedModels: ['a', 'b'] }],
    [{ allowedModels: null }, { allowedModels: undefined }],
    [{ managedFields: ['scopes'] }, { managedFields: ['scopes'] }],
    [{ disabledByOperator: true }, { disabledByOperator: true }],
    [{ disabledByOperator: null }, { disabledByOperator: undefined }],
    [
      { name: 'both', totalLimit: 9, dailyLimit: null, enabled: undefined },
      { name: 'both', totalLimit: 9, dailyLimit: undefined },
    ],
  ])('a change of a key changes only the fields that it names: %j', async (change, changed) => {
    const { apiKeys } = await storeWithAccount(make);
    await apiKeys.add(fullKey);

    expect(await apiKeys.change(keyId, change)).toEqual({ ...fullKey, ...changed, revision: 1 });
    expect(await apiKeys.find(keyId)).toEqual({ ...fullKey, ...changed, revision: 1 });
  });

  test('a limit that is absent can be removed, and then set', async () => {
    const { apiKeys } = await storeWithAccount(make);
    await apiKeys.add(sampleKey());

    expect(await apiKeys.change(keyId, { totalLimit: null })).toEqual(sampleKey({ revision: 1 }));
    expect(await apiKeys.change(keyId, { totalLimit: 5 })).toEqual(
      sampleKey({ totalLimit: 5, revision: 2 }),
    );
  });

  test('a change of a key keeps its spending', async () => {
    const store = await fundedStore(make, 5000);
    const [one, two] = [draft(), draft()];
    await reserve(store, one);
    await reserve(store, two);
    await settle(store, completed({ id: one.id, charged: 400 }));
    const [before, spent] = [await findKeyOf(store), await spendingOf(store)];

    await store.apiKeys.change(keyId, { dailyLimit: 1, totalLimit: 1, name: 'renamed' });
    await store.apiKeys.change(keyId, { dailyLimit: null, totalLimit: null, name: before.name });

    expect(spent).toEqual({ reserved: 1200, used: 400 });
    expect(await spendingOf(store)).toEqual(spent);
    expect(await findKeyOf(store)).toEqual({ ...before, revision: 2 });
  });

  test('of two changes that were decided by the same read, the second writes nothing', async () => {
    const { apiKeys } = await storeWithAccount(make);
    await apiKeys.add(fullKey);
    const read = await apiKeys.find(keyId);

    expect(await apiKeys.change(keyId, { totalLimit: 1 }, read)).toMatchObject({ revision: 1 });
    expect(await apiKeys.change(keyId, { totalLimit: 2 }, read)).toBe('changed_meanwhile');
    expect(await apiKeys.remove(keyId, read)).toBe('changed_meanwhile');
    expect(await apiKeys.find(keyId)).toEqual({ ...fullKey, totalLimit: 1, revision: 1 });

    const again = await apiKeys.find(keyId);
    expect(await apiKeys.change(keyId, { totalLimit: 2 }, again)).toMatchObject({ revision: 2 });
    expect(await apiKeys.remove(keyId, await apiKeys.find(keyId))).toBe(true);
    expect(await apiKeys.remove(keyId, again)).toBe(false);
  });

  test('spending through a key does not count as a change of the key', async () => {
    const store = await fundedStore(make, 5000);
    const read = await findKeyOf(store);
    await reserve(store, draft());

    expect(await store.apiKeys.change(keyId, { name: 'renamed' }, read)).toMatchObject({
      name: 'renamed',
    });
  });

  test('changing a key that does not exist does not create it', async () => {
    const { apiKeys } = await storeWithAccount(make);

    expect(await apiKeys.change(keyId, { name: 'nobody' })).toBeUndefined();
    expect(await apiKeys.find(keyId)).toBeUndefined();
  });
}
