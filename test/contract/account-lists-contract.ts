import { expect, test } from 'vitest';
import { pagesOf } from './pages.ts';
import { draft, grant, type Make, type Store } from './stores.ts';

const names = ({ accounts }: Store, limit: number) =>
  pagesOf(async (behind: string | undefined) => {
    const page = await accounts.list({ limit, behind });
    return { items: page.accounts.map(({ account }) => account), next: page.next };
  });

/** What every store guarantees to who looks through the accounts. */
export function accountListsContract(make: Make): void {
  test('come by name, in pages that neither repeat nor leave out one', async () => {
    const store = await make();
    for (const account of ['c', 'a-1', 'b', 'a', '0']) await grant(store, account, 1);

    const pages = await names(store, 2);

    expect(pages.filter(({ length }) => length > 0)).toEqual([['0', 'a'], ['a-1', 'b'], ['c']]);
  });

  test('go on behind a name, whether there is such an account or not', async () => {
    const store = await make();
    for (const account of ['a', 'b', 'd']) await grant(store, account, 0);
    const behind = async (name: string) =>
      (await store.accounts.list({ limit: 9, behind: name })).accounts.map(
        ({ account }) => account,
      );

    expect(await behind('a')).toEqual(['b', 'd']);
    expect(await behind('c')).toEqual(['d']);
    expect(await behind('d')).toEqual([]);
  });

  test('are shown as they are now, with their money', async () => {
    const store = await make();
    await grant(store, 'studio', 5000);
    await store.ledger.open(draft({ account: 'studio' }));
    await store.accounts.change('studio', { userGroup: 'staff', limits: { tasksInFlight: 3 } });

    const { accounts } = await store.accounts.list({ limit: 9 });

    expect(accounts).toEqual([await store.accounts.find('studio')]);
    expect(accounts).toMatchObject([{ balance: 3800, inFlight: 1, userGroup: 'staff' }]);
  });

  test('are none where none was made', async () => {
    expect(await names(await make(), 2)).toEqual([[]]);
  });
}
