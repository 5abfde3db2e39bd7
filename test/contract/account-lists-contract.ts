import { expect, test } from 'vitest';
import { pagesOf } from './pages.ts';
import { draft, grant, type MakeStore, reserve, type Store } from './stores.ts';

const names = ({ accounts }: Store, limit: number) =>
  pagesOf(async (after: string | undefined) => {
    const page = await accounts.list({ limit, after: after });
    return { items: page.accounts.map(({ account }) => account), next: page.next };
  });

/** What every store guarantees about lists of accounts. */
export function accountListsContract(make: MakeStore): void {
  test('accounts are listed by name, in pages that neither repeat nor skip one', async () => {
    const store = await make();
    for (const account of ['c', 'a-1', 'b', 'a', '0']) await grant(store, account, 1);

    const pages = await names(store, 2);

    expect(pages.filter(({ length }) => length > 0)).toEqual([['0', 'a'], ['a-1', 'b'], ['c']]);
  });

  test('a list continues after a name, whether there is such an account or not', async () => {
    const store = await make();
    for (const account of ['a', 'b', 'd']) await grant(store, account, 0);
    const namesAfter = async (name: string) =>
      (await store.accounts.list({ limit: 9, after: name })).accounts.map(({ account }) => account);

    expect(await namesAfter('a')).toEqual(['b', 'd']);
    expect(await namesAfter('c')).toEqual(['d']);
    expect(await namesAfter('d')).toEqual([]);
  });

  test('listed accounts have their current funds', async () => {
    const store = await make();
    await grant(store, 'studio', 5000);
    await reserve(store, draft({ account: 'studio' }));
    await store.accounts.change('studio', { userGroup: 'staff', limits: { tasksInFlight: 3 } });

    const { accounts } = await store.accounts.list({ limit: 9 });

    expect(accounts).toEqual([await store.accounts.find('studio')]);
    expect(accounts).toMatchObject([{ balance: 3800, inFlight: 1, userGroup: 'staff' }]);
  });

  test('a store without accounts lists none', async () => {
    expect(await names(await make(), 2)).toEqual([[]]);
  });
}
