import { expect } from 'vitest';
import type { Entry, Funds } from '../../functions/task/account.ts';
import { entriesOf, type Store, account as sample } from './stores.ts';

/** What the account has, after making sure that nothing was made or lost and that its ledger says so. */
export async function sound(store: Store, account = sample) {
  const { granted, entries, ...has } = await store.funds(account);
  expect(has.balance + has.reserved + has.used, 'what was granted is all there').toBe(granted);
  expect(has.balance, 'nobody owes').toBeGreaterThanOrEqual(0);
  unbroken(await entriesOf(store, account), { entries, balance: has.balance });
  return has;
}

/** Every movement is entered once: the numbers have no gap, and each balance follows from the one before. */
export function unbroken(
  found: readonly Entry[],
  { entries, balance }: Pick<Funds, 'entries' | 'balance'>,
): void {
  expect(found.map(({ number }) => number)).toEqual(
    Array.from({ length: entries }, (_, index) => index + 1),
  );
  let before = 0;
  for (const { number, amount, balance: after } of found) {
    expect(after, `entry ${number} follows from the one before`).toBe(before + amount);
    before = after;
  }
  expect(before, 'the last entry says what there is').toBe(balance);
}
