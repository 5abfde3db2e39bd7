import { describe, expect, test } from 'vitest';
import { type ApiKey, hashOfKey, keyIdOf } from '../../functions/domain/model/api-key.ts';
import { keyFor } from '../support/money.ts';
import { sampleKey } from '../support/tasks.ts';
import { keyChangesContract } from './key-changes-contract.ts';
import { keyListsContract } from './key-lists-contract.ts';
import {
  draft,
  fullKey,
  fundedStore,
  grant,
  keyId,
  type MakeStore,
  reserve,
  spendingOf,
} from './stores.ts';

/** What every store of API keys guarantees. */
export function keysContract(make: MakeStore): void {
  describe('an API key', () => {
    callers(make);
    additions(make);
    keyChangesContract(make);
    removals(make);
  });
  describe('the keys of an account', () => keyListsContract(make));
}

function callers(make: MakeStore): void {
  test('a key is found by its hash, together with its account', async () => {
    const store = await make();
    await grant(store, 'studio', 700);
    const key = keyFor('sk-dr-one', { account: 'studio' });
    await store.apiKeys.add(key);

    const { userGroup, limits } = (await store.accounts.find('studio')) ?? {};
    expect(await store.keys.find(hashOfKey('sk-dr-one'))).toMatchObject({
      key,
      account: { userGroup, limits },
    });
  });

  test('a key that was never issued is not found, and neither is a key by its beginning', async () => {
    const store = await fundedStore(make, 0);
    await store.apiKeys.add(keyFor('sk-dr-one'));
    const hash = hashOfKey('sk-dr-one');
    const alike = hash.slice(0, 16).padEnd(64, '0');

    expect(keyIdOf(alike)).toBe(keyIdOf(hash));
    for (const wrong of [alike, hashOfKey('sk-dr-other'), 'sk-dr-one']) {
      expect(await store.keys.find(wrong)).toBeUndefined();
    }
  });

  test('a key works from the moment it is added until it is removed', async () => {
    const store = await fundedStore(make, 0);
    const { keyId: id } = keyFor('sk-dr-one');
    const enabled = async () => (await store.keys.find(hashOfKey('sk-dr-one')))?.key.enabled;

    await store.apiKeys.add(keyFor('sk-dr-one'));
    expect(await enabled()).toBe(true);
    await store.apiKeys.change(id, { enabled: false });
    expect(await enabled()).toBe(false);
    await store.apiKeys.remove(id);
    expect(await enabled()).toBeUndefined();
  });
}

function additions(make: MakeStore): void {
  test.each<[string, ApiKey]>([
    ['with all properties', fullKey],
    ['with required properties only', sampleKey()],
  ])('a key %s is stored as it was added', async (_, key) => {
    const { apiKeys } = await make();

    await apiKeys.add(key);

    expect(await apiKeys.find(key.keyId)).toEqual(key);
  });

  test('a second key with the same id is an error, also when the first was deleted', async () => {
    const { apiKeys } = await make();
    const other = sampleKey({ name: 'second', hash: 'hash of another' });
    await apiKeys.add(sampleKey());

    await expect(apiKeys.add(other)).rejects.toThrow();
    expect(await apiKeys.find(keyId)).toEqual(sampleKey());

    await apiKeys.remove(keyId);
    await expect(apiKeys.add(other)).rejects.toThrow();
    expect(await apiKeys.find(keyId)).toBeUndefined();
  });

  test('adding the same key again keeps its spending, and a deleted key stays deleted', async () => {
    const store = await fundedStore(make, 1200);
    const addAgain = () => store.apiKeys.add(sampleKey()).catch(() => undefined);
    await reserve(store, draft());

    await addAgain();
    expect(await spendingOf(store)).toMatchObject({ reserved: 1200 });

    await store.apiKeys.remove(keyId);
    await addAgain();
    expect(await store.apiKeys.find(keyId)).toBeUndefined();
  });
}

function removals(make: MakeStore): void {
  test('a key is removed once, and is not found after that', async () => {
    const { apiKeys } = await make();
    await apiKeys.add(fullKey);

    expect([await apiKeys.remove(keyId), await apiKeys.remove(keyId)]).toEqual([true, false]);

    expect(await apiKeys.find(keyId)).toBeUndefined();
    expect(await apiKeys.change(keyId, { enabled: true })).toBeUndefined();
    expect(await apiKeys.find(keyId)).toBeUndefined();
  });

  test('removing a key that does not exist does nothing', async () => {
    const { apiKeys } = await make();

    expect(await apiKeys.remove(keyId)).toBe(false);
    await apiKeys.add(sampleKey());
    expect(await apiKeys.find(keyId)).toEqual(sampleKey());
  });
}
