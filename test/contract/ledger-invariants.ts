import { expect } from 'vitest';
import type { Entry, Funds } from '../../functions/domain/model/account.ts';
import { entriesOf, type Store, account as sample } from './stores.ts';

/** The funds of an account, after a check that no credit was created or lost and that the ledger agrees. */
export async function auditedFunds(store: Store, account = sample) {
  const { granted, entries, ...funds } = await store.funds(account);
  expect(funds.balance + funds.reserved + funds.used, 'all granted credits are there').toBe(
    granted,
  );
  expect(funds.balance, 'the balance is not negative').toBeGreaterThanOrEqual(0);
  expectUnbrokenEntries(await entriesOf(store, account), { entries, balance: funds.balance });
  return funds;
}

/** Every posting has one entry: the numbers have no gap, and each balance follows from the one before. */
export function expectUnbrokenEntries(
  found: readonly Entry[],
  { entries, balance }: Pick<Funds, 'entries' | 'balance'>,
): void {
  expect(found.map(({ number }) => number)).toEqual(
    Array.from({ length: entries }, (_, index) => index + 1),
  );
  let before = 0;
  for (const { number, amount, balance: after } of found) {
    expect(after, `the balance of entry ${number} follows from the one before`).toBe(
      before + amount,
    );
    before = after;
  }
  expect(before, 'the last entry has the balance of the account').toBe(balance);
}
