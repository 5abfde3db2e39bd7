import { expect, test } from 'vitest';
import type { Place } from '../../functions/task/cursor.ts';
import { keyFor } from '../support/money.ts';
import { pagesOf } from './pages.ts';
import { account, draft, funded, keyId, keyIn, type Make, type Store } from './stores.ts';

/** Adds keys of these moments, and answers their ids in the same order. */
async function addedAt({ apiKeys }: Store, ...times: readonly number[]) {
  const keys = times.map((createdAt, index) => keyFor(`sk-dr-${index}`, { createdAt }));
  for (const key of keys) await apiKeys.add(key);
  return keys.map(({ keyId: id }) => id);
}

const pages = ({ apiKeys }: Store, of: string, limit: number) =>
  pagesOf(async (behind: Place | undefined) => {
    const { keys, next } = await apiKeys.list(of, { limit, behind });
    return { items: keys.map((key) => key.keyId), next };
  });

/** What every store guarantees to who looks through the keys of an account. */
export function keyListsContract(make: Make): void {
  test('come the newest first, in pages that neither repeat nor leave out one', async () => {
    const store = await make();
    const [a, b, c, d, e] = await addedAt(store, 10, 30, 20, 50, 40);
    await store.apiKeys.add(keyFor('sk-dr-other', { account: 'studio', createdAt: 35 }));

    const found = await pages(store, account, 2);

    expect(found.flat()).toEqual([d, e, b, c, a]);
    expect(found.filter(({ length }) => length > 2)).toEqual([]);
  });

  test('made in the same millisecond are all there, whatever the pages', async () => {
    const store = await make();
    const made = await addedAt(store, 7, 7, 7, 7, 7);

    expect((await pages(store, account, 2)).flat().toSorted()).toEqual(made.toSorted());
  });

  test('are not those that were deleted, and one of them may be where a page begins', async () => {
    const store = await make();
    const [a = '', b = '', c = '', d = '', e = ''] = await addedAt(store, 10, 20, 30, 40, 50);
    const { next } = await store.apiKeys.list(account, { limit: 2 });
    for (const id of [b, d]) await store.apiKeys.remove(id);

    const rest = await store.apiKeys.list(account, { limit: 5, behind: next });

    expect((await pages(store, account, 2)).flat()).toEqual([e, c, a]);
    expect(rest.keys.map((key) => key.keyId)).toEqual([c, a]);
  });

  test('are shown whole, as they are now', async () => {
    const store = await funded(make, 5000);
    await store.apiKeys.change(keyId, { totalLimit: 5000, allowedModels: ['a'] });
    await store.ledger.open(draft());

    expect((await store.apiKeys.list(account, { limit: 2 })).keys).toEqual([await keyIn(store)]);
  });

  test('of an account without any are none', async () => {
    const store = await make();

    expect(await pages(store, 'nobody', 2)).toEqual([[]]);
  });
}
