import { expect, test } from 'vitest';
import { completed, failed, keyOf, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import { pagesOf } from './pages.ts';
import { account, draft, entriesOf, fundedStore, grant, keyId, type MakeStore } from './stores.ts';

const at = sampleTime;

/** What every ledger guarantees about its entries. */
export function entriesContract(make: MakeStore): void {
  test('entries say what was posted, how much and for what, in the order of the postings', async () => {
    const store = await make();
    await grant(store, account, 0);
    const [one, two] = [draft({ createdAt: at + 2 }), draft({ createdAt: at + 3 })];
    const operator = keyOf('operator');

    await store.ledger.credit({ account, amount: 5000, at, keyId: operator, note: 'invoice 7' });
    await store.ledger.credit({ account, amount: -500, at: at + 1 });
    await store.ledger.reserve(one);
    await store.ledger.reserve(two);
    await store.ledger.settle(completed({ id: one.id, charged: 400, finishedAt: at + 4 }));
    await store.ledger.settle(failed({ id: two.id, finishedAt: at + 5 }));

    expect(await entriesOf(store)).toEqual([
      {
        number: 1,
        kind: 'grant',
        at,
        amount: 5000,
        balance: 5000,
        keyId: operator,
        note: 'invoice 7',
      },
      { number: 2, kind: 'withdraw', at: at + 1, amount: -500, balance: 4500 },
      {
        number: 3,
        kind: 'reserve',
        at: at + 2,
        amount: -1200,
        balance: 3300,
        taskId: one.id,
        keyId,
      },
      {
        number: 4,
        kind: 'reserve',
        at: at + 3,
        amount: -1200,
        balance: 2100,
        taskId: two.id,
        keyId,
      },
      {
        number: 5,
        kind: 'settle',
        at: at + 4,
        amount: 800,
        balance: 2900,
        charged: 400,
        taskId: one.id,
        keyId,
      },
      {
        number: 6,
        kind: 'settle',
        at: at + 5,
        amount: 1200,
        balance: 4100,
        charged: 0,
        taskId: two.id,
        keyId,
      },
    ]);
    expect(await auditedFunds(store)).toEqual({
      balance: 4100,
      reserved: 0,
      used: 400,
      inFlight: 0,
    });
  });

  test('entries are in the order of the postings, whatever the clocks of the writers say', async () => {
    const store = await fundedStore(make, 0);
    for (const ms of [30, 10, 20]) {
      await store.ledger.credit({ account, amount: 1, at: at + ms });
    }

    const entries = await entriesOf(store);
    expect(entries.map(({ at: postedAt }) => postedAt - at)).toEqual([30, 10, 20]);
  });

  test('entries are listed the newest first, in pages that neither repeat nor skip one', async () => {
    const store = await make();
    for (let amount = 1; amount <= 11; amount += 1) await grant(store, account, amount);
    await grant(store, 'studio', 7);

    const pages = await pagesOf(async (before: number | undefined) => {
      const { entries, next } = await store.accounts.entries(account, { limit: 4, before });
      return { items: entries.map(({ number }) => number), next };
    });

    expect(pages.filter(({ length }) => length > 0)).toEqual([
      [11, 10, 9, 8],
      [7, 6, 5, 4],
      [3, 2, 1],
    ]);
  });

  test('entries can be listed before any number, and for an account that has none', async () => {
    const store = await fundedStore(make, 100);
    const numbers = async (of: string, before: number) => {
      const { entries } = await store.accounts.entries(of, { limit: 4, before });
      return entries.map(({ number }) => number);
    };

    expect(await numbers(account, 1_000_000)).toEqual([1]);
    expect(await numbers(account, 1)).toEqual([]);
    expect(await numbers('nobody', 5)).toEqual([]);
  });
}
