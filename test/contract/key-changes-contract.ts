import { expect, test } from 'vitest';
import type { ApiKey, KeyChange } from '../../functions/task/api-key.ts';
import { completed, sampleKey } from '../support/tasks.ts';
import { draft, fullKey, funded, keyId, keyIn, type Make } from './stores.ts';

/** What every store guarantees about changing a key. */
export function keyChangesContract(make: Make): void {
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
    [
      { name: 'both', totalLimit: 9, dailyLimit: null, enabled: undefined },
      { name: 'both', totalLimit: 9, dailyLimit: undefined },
    ],
  ])('is changed in nothing but what is named: %j', async (change, changed) => {
    const { apiKeys } = await make();
    await apiKeys.add(fullKey);

    expect(await apiKeys.change(keyId, change)).toEqual({ ...fullKey, ...changed });
    expect(await apiKeys.find(keyId)).toEqual({ ...fullKey, ...changed });
  });

  test('may lose a limit it never had, and gain one', async () => {
    const { apiKeys } = await make();
    await apiKeys.add(sampleKey());

    expect(await apiKeys.change(keyId, { totalLimit: null })).toEqual(sampleKey());
    expect(await apiKeys.change(keyId, { totalLimit: 5 })).toEqual(sampleKey({ totalLimit: 5 }));
  });

  test('keeps what was spent through it, whatever is changed', async () => {
    const store = await funded(make, 5000);
    const [one, two] = [draft(), draft()];
    await store.ledger.open(one);
    await store.ledger.open(two);
    await store.ledger.settle(completed({ id: one.id, charged: 400 }));
    const before = await keyIn(store);

    await store.apiKeys.change(keyId, { dailyLimit: 1, totalLimit: 1, name: 'renamed' });
    await store.apiKeys.change(keyId, { dailyLimit: null, totalLimit: null, name: before.name });

    expect(before).toMatchObject({ reserved: 1200, used: 400, dayUsed: 1600, moves: 3 });
    expect(await keyIn(store)).toEqual(before);
  });

  test('that is not there is not changed, and not made by it', async () => {
    const { apiKeys } = await make();

    expect(await apiKeys.change(keyId, { name: 'nobody' })).toBeUndefined();
    expect(await apiKeys.find(keyId)).toBeUndefined();
  });
}
