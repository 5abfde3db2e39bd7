import { expect } from 'vitest';
import { type Funds, noFunds } from '../../../functions/task/account.ts';
import type { ApiKey } from '../../../functions/task/api-key.ts';
import type { Books, Movement, Shortage } from '../../../functions/task/ledger.ts';
import { pending, sampleKey } from '../../support/tasks.ts';

export const today = '2025-09-06'; // the day of the sample in UTC, at 11:01
export const price = 1200;
export const task = pending({ reserved: price });

/** An account with so many milli-credits, granted at once. */
export const having = (balance: number, more: Partial<Funds> = {}): Funds => ({
  ...{ ...noFunds, granted: balance, balance, entries: 1 },
  ...more,
});

export const books = (key: Partial<ApiKey> = {}, more: Partial<Books> = {}): Books => ({
  ...{ funds: having(10_000), limits: {}, key: sampleKey(key) },
  ...more,
});

/** What a movement came to, where it must have come to something. */
export function done(result: Movement | Shortage): Movement {
  if ('entry' in result) return result;
  throw new Error(`it came to nothing: ${result.state}`);
}

/** What holds of every movement, whatever it is. */
export function adds(before: Funds, { funds, entry }: Movement) {
  expect(funds.granted).toBe(funds.balance + funds.reserved + funds.used);
  expect(funds.balance).toBe(before.balance + entry.amount);
  expect(entry.balance).toBe(funds.balance);
  expect([entry.number, funds.entries]).toEqual([before.entries + 1, before.entries + 1]);
}
