import { expect } from 'vitest';
import { auditRow } from '../../functions/domain/billing/audit-funds.ts';
import type { Statement } from '../../functions/domain/model/account.ts';
import { entriesOf, fundsOf, type Store, account as sample } from './stores.ts';

/** The funds of an account, after a check that no credit was created or lost and that the entries agree. */
export async function auditedFunds(store: Store, account = sample) {
  const { granted, ...funds } = await fundsOf(store, account);
  await expectBalancedShards(store, account);
  expect(funds.balance, 'the balance is not negative').toBeGreaterThanOrEqual(0);
  expectStatement(await entriesOf(store, account), funds.balance);
  return funds;
}

/** Checks that each shard of an account and of its keys still has all the credits that were granted. */
export async function expectBalancedShards({ shards }: Store, account: string): Promise<void> {
  const all = await shards(account);
  expect(all.length, 'there is at least one shard').toBeGreaterThan(0);
  for (const row of all) {
    expect(auditRow(account, row), 'all granted credits are there').toEqual([]);
    expect(Math.min(row.reserved, row.used), 'nothing is negative').toBeGreaterThanOrEqual(0);
  }
}

/** Checks that each entry is there once, and that each balance follows from the one before, up to that of the account. */
export function expectStatement(found: Statement['entries'], balance: number): void {
  expect(new Set(found.map(({ id }) => id)).size, 'each entry is there once').toBe(found.length);
  let before = 0;
  for (const { id, amount, balance: after } of found) {
    expect(after, `the balance of ${id} follows from the one before`).toBe(before + amount);
    before = after ?? Number.NaN;
  }
  expect(before, 'the last entry has the balance of the account').toBe(balance);
}
