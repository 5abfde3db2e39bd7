import { expect } from 'vitest';
import type {
  AccountSnapshot,
  Posting,
  ReserveFailure,
} from '../../../../functions/domain/billing/ledger.ts';
import { type Funds, noFunds } from '../../../../functions/domain/model/account.ts';
import type { ApiKey } from '../../../../functions/domain/model/api-key.ts';
import { pending, sampleKey } from '../../../support/tasks.ts';

export const today = '2025-09-06'; // the day of the sample in UTC, at 11:01
export const price = 1200;
export const task = pending({ reserved: price });

/** The funds of an account that was granted these milli-credits at once. */
export const fundsWith = (balance: number, more: Partial<Funds> = {}): Funds => ({
  ...noFunds,
  granted: balance,
  balance,
  entries: 1,
  ...more,
});

export const snapshot = (
  key: Partial<ApiKey> = {},
  more: Partial<AccountSnapshot> = {},
): AccountSnapshot => ({
  funds: fundsWith(10_000),
  limits: {},
  key: sampleKey(key),
  ...more,
});

/** The posting, where the result must be one. */
export function posted(result: Posting | ReserveFailure): Posting {
  if ('entry' in result) return result;
  throw new Error(`it came to nothing: ${result.state}`);
}

/** The invariants of every posting. */
export function expectBalanced(before: Funds, { funds, entry }: Posting) {
  expect(funds.granted).toBe(funds.balance + funds.reserved + funds.used);
  expect(funds.balance).toBe(before.balance + entry.amount);
  expect(entry.balance).toBe(funds.balance);
  expect([entry.number, funds.entries]).toEqual([before.entries + 1, before.entries + 1]);
}
