import { describe, expect, test } from 'vitest';
import { type ApiKey, hashOfKey, keyIdOf, noSpending } from '../../functions/task/api-key.ts';
import { keyFor } from '../support/money.ts';
import { sampleKey } from '../support/tasks.ts';
import { keyChangesContract } from './key-changes-contract.ts';
import { keyListsContract } from './key-lists-contract.ts';
import { draft, fullKey, funded, grant, keyId, keyIn, type Make } from './stores.ts';

/** What every store of API keys guarantees. */
export function keysContract(make: Make): void {
  describe('an API key', () => {
    callers(make);
    additions(make);
    keyChangesContract(make);
    removals(make);
  });
  describe('the keys of an account', () => keyListsContract(make));
}

function callers(make: Make): void {
  test('is found by its hash, with what its account says', async () => {
    const store = await make();
    await grant(store, 'studio', 700);
    const key = keyFor('sk-dr-one', { account: 'studio' });
    await store.apiKeys.add(key);

    expect(await store.keys.find(hashOfKey('sk-dr-one'))).toEqual({
      ...{ key, account: await store.accounts.find('studio') },
    });
  });

  test('that nobody issued is not found, and neither is one by its beginning', async () => {
    const store = await funded(make, 0);
    await store.apiKeys.add(keyFor('sk-dr-one'));
    const hash = hashOfKey('sk-dr-one');
    const alike = hash.slice(0, 16).padEnd(64, '0');

    expect(keyIdOf(alike)).toBe(keyIdOf(hash));
    for (const wrong of [alike, hashOfKey('sk-dr-other'), 'sk-dr-one']) {
      expect(await store.keys.find(wrong)).toBeUndefined();
    }
  });

  test('works from the moment it is added to the moment it is removed', async () => {
    const store = await funded(make, 0);
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

function additions(make: Make): void {
  test.each<[string, ApiKey]>([
    ['with everything', fullKey],
    ['with nothing but what it needs', sampleKey()],
  ])('is kept as it was added, %s', async (_, key) => {
    const { apiKeys } = await make();

    await apiKeys.add(key);

    expect(await apiKeys.find(key.keyId)).toEqual(key);
  });

  test('is written once: another one of its id is refused, also when it was deleted', async () => {
    const { apiKeys } = await make();
    const other = sampleKey({ name: 'second', hash: 'hash of another' });
    await apiKeys.add(sampleKey());

    await expect(apiKeys.add(other)).rejects.toThrow();
    expect(await apiKeys.find(keyId)).toEqual(sampleKey());

    await apiKeys.remove(keyId);
    await expect(apiKeys.add(other)).rejects.toThrow();
    expect(await apiKeys.find(keyId)).toBeUndefined();
  });

  test('that is added again keeps what was spent through it, and stays deleted', async () => {
    const store = await funded(make, 1200);
    const again = () => store.apiKeys.add(sampleKey()).catch(() => undefined);
    await store.ledger.open(draft());

    await again();
    expect(await keyIn(store)).toMatchObject({ reserved: 1200, moves: 1 });

    await store.apiKeys.remove(keyId);
    await again();
    expect(await store.apiKeys.find(keyId)).toBeUndefined();
  });
}

function removals(make: Make): void {
  test('is removed once, and is no key any more', async () => {
    const { apiKeys } = await make();
    await apiKeys.add(fullKey);

    expect([await apiKeys.remove(keyId), await apiKeys.remove(keyId)]).toEqual([true, false]);

    expect(await apiKeys.find(keyId)).toBeUndefined();
    expect(await apiKeys.change(keyId, { enabled: true })).toBeUndefined();
    expect(await apiKeys.find(keyId)).toBeUndefined();
  });

  test('that is not there is not removed', async () => {
    const { apiKeys } = await make();

    expect(await apiKeys.remove(keyId)).toBe(false);
    await apiKeys.add(sampleKey());
    expect(await apiKeys.find(keyId)).toMatchObject(noSpending);
  });
}
