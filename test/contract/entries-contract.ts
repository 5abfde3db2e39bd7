import { expect, test } from 'vitest';
import { type EntryCursor, entryIdOf } from '../../functions/domain/model/account.ts';
import { omit } from '../support/omit.ts';
import { completed, failed, keyOf, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import { pagesOf } from './pages.ts';
import {
  account,
  draft,
  entriesOf,
  fundedStore,
  grant,
  keyId,
  type MakeStore,
  reserve,
  settle,
} from './stores.ts';

const at = sampleTime;

/** What every ledger guarantees about its entries. */
export function entriesContract(make: MakeStore): void {
  test('each posting has an entry with its kind, amount and reason, in the order of the postings', async () => {
    const store = await make();
    await grant(store, account, 0);
    const [one, two] = [draft({ createdAt: at + 2 }), draft({ createdAt: at + 3 })];
    const operator = keyOf('operator');

    await store.ledger.credit({ account, amount: 5000, at, keyId: operator, note: 'invoice 7' });
    await store.ledger.credit({ account, amount: -500, at: at + 1 });
    await reserve(store, one);
    await reserve(store, two);
    await settle(store, completed({ id: one.id, charged: 400, finishedAt: at + 4 }));
    await settle(store, failed({ id: two.id, finishedAt: at + 5 }));

    const about = { keyId };
    const entries = await entriesOf(store);
    expect(entries.map((entry) => omit(entry, 'id'))).toEqual([
      { kind: 'grant', at, amount: 5000, balance: 5000, keyId: operator, note: 'invoice 7' },
      { kind: 'withdraw', at: at + 1, amount: -500, balance: 4500 },
      { kind: 'reserve', at: at + 2, amount: -1200, balance: 3300, taskId: one.id, ...about },
      { kind: 'reserve', at: at + 3, amount: -1200, balance: 2100, taskId: two.id, ...about },
      {
        kind: 'settle',
        at: at + 4,
        amount: 800,
        balance: 2900,
        charged: 400,
        taskId: one.id,
        ...about,
      },
      {
        kind: 'settle',
        at: at + 5,
        amount: 1200,
        balance: 4100,
        charged: 0,
        taskId: two.id,
        ...about,
      },
    ]);
    expect(await auditedFunds(store)).toEqual({
      balance: 4100,
      reserved: 0,
      used: 400,
      inFlight: 0,
    });
  });

  test('entries are in the order of their times, whenever they were written', async () => {
    const store = await fundedStore(make, 0);
    for (const ms of [30, 10, 20]) {
      await store.ledger.credit({ account, amount: ms, at: at + ms });
    }

    const entries = await entriesOf(store);
    expect(entries.map(({ at: writtenAt, balance }) => [writtenAt - at, balance])).toEqual([
      [10, 10],
      [20, 30],
      [30, 60],
    ]);
  });

  test('entries are listed the newest first, in pages that neither repeat nor skip one', async () => {
    const store = await fundedStore(make, 0);
    for (let n = 1; n <= 11; n += 1) {
      await store.ledger.credit({ account, amount: n, at: at + n });
    }
    await grant(store, 'studio', 7);

    const pages = await pagesOf(async (before: EntryCursor | undefined) => {
      const { entries, next } = await store.accounts.entries(account, { limit: 4, before });
      return { items: entries.map(({ amount, balance }) => [amount, balance]), next };
    });

    expect(pages.filter(({ length }) => length > 0)).toEqual([
      [
        [11, 66],
        [10, 55],
        [9, 45],
        [8, 36],
      ],
      [
        [7, 28],
        [6, 21],
        [5, 15],
        [4, 10],
      ],
      [
        [3, 6],
        [2, 3],
        [1, 1],
      ],
    ]);
  });

  test('entries of the same millisecond are listed once each, also across pages', async () => {
    const store = await fundedStore(make, 0);
    for (let n = 1; n <= 7; n += 1) await store.ledger.credit({ account, amount: n, at });

    const pages = await pagesOf(async (before: EntryCursor | undefined) => {
      const { entries, next } = await store.accounts.entries(account, { limit: 3, before });
      return { items: entries.map(({ amount }) => amount), next };
    });

    expect(pages.flat().sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('entries can be listed from any place on, and for an account that has none', async () => {
    const store = await fundedStore(make, 100);
    const amounts = async (of: string, time: number) => {
      const before = { id: entryIdOf(time, 'any') };
      const { entries } = await store.accounts.entries(of, { limit: 4, before });
      return entries.map(({ amount, balance }) => [amount, balance]);
    };

    // Without the balance at that place, the balances of the entries are not known.
    expect(await amounts(account, at + 1)).toEqual([[100, undefined]]);
    expect(await amounts(account, at - 1)).toEqual([]);
    expect(await amounts('nobody', at)).toEqual([]);
  });
}
