import { expect, test } from 'vitest';
import type { CursorKey } from '../../functions/domain/model/ids.ts';
import { keyFor } from '../support/money.ts';
import { pagesOf } from './pages.ts';
import {
  account,
  draft,
  findKeyOf,
  fundedStore,
  keyId,
  type MakeStore,
  reserve,
  type Store,
} from './stores.ts';

/** Adds keys created at these times; returns their ids in the same order. */
async function addedAt({ apiKeys }: Store, ...times: readonly number[]) {
  const keys = times.map((createdAt, index) => keyFor(`sk-dr-${index}`, { createdAt }));
  for (const key of keys) await apiKeys.add(key);
  return keys.map(({ keyId: id }) => id);
}

const pages = ({ apiKeys }: Store, of: string, limit: number) =>
  pagesOf(async (after: CursorKey | undefined) => {
    const { keys, next } = await apiKeys.list(of, { limit, after: after });
    return { items: keys.map((key) => key.keyId), next };
  });

/** What every store guarantees about lists of keys. */
export function keyListsContract(make: MakeStore): void {
  test('keys are listed the newest first, in pages that neither repeat nor skip one', async () => {
    const store = await make();
    const [a, b, c, d, e] = await addedAt(store, 10, 30, 20, 50, 40);
    await store.apiKeys.add(keyFor('sk-dr-other', { account: 'studio', createdAt: 35 }));

    const found = await pages(store, account, 2);

    expect(found.flat()).toEqual([d, e, b, c, a]);
    expect(found.filter(({ length }) => length > 2)).toEqual([]);
  });

  test('keys of the same millisecond are all listed, whatever the size of the pages', async () => {
    const store = await make();
    const made = await addedAt(store, 7, 7, 7, 7, 7);

    expect((await pages(store, account, 2)).flat().toSorted()).toEqual(made.toSorted());
  });

  test('deleted keys are not listed, and a page may begin after one', async () => {
    const store = await make();
    const [a = '', b = '', c = '', d = '', e = ''] = await addedAt(store, 10, 20, 30, 40, 50);
    const { next } = await store.apiKeys.list(account, { limit: 2 });
    for (const id of [b, d]) await store.apiKeys.remove(id);

    const rest = await store.apiKeys.list(account, { limit: 5, after: next });

    expect((await pages(store, account, 2)).flat()).toEqual([e, c, a]);
    expect(rest.keys.map((key) => key.keyId)).toEqual([c, a]);
  });

  test('listed keys are complete and current', async () => {
    const store = await fundedStore(make, 5000);
    await store.apiKeys.change(keyId, { totalLimit: 5000, allowedModels: ['a'] });
    await reserve(store, draft());

    expect((await store.apiKeys.list(account, { limit: 2 })).keys).toEqual([
      await findKeyOf(store),
    ]);
  });

  test('an account without keys lists none', async () => {
    const store = await make();

    expect(await pages(store, 'nobody', 2)).toEqual([[]]);
  });
}
