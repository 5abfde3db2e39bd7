import type { SpendingLimits } from '../../functions/domain/billing/ledger.ts';
import { dayIn } from '../../functions/domain/model/api-key.ts';
import type { EndedTask, Pending } from '../../functions/domain/model/task.ts';

// The arithmetic of the ledger that Darkroom had before the balance shards: the funds of an account and the spending of a
// key before and after a posting.

/** The funds of an account. Each posting adds an entry, so the number of entries is the version of the row. */
type Funds = {
  readonly granted: number;
  readonly balance: number;
  readonly reserved: number;
  readonly used: number;
  readonly inFlight: number;
  readonly entries: number;
};

/** What was spent through a key; `dayUsed` is what counts for the latest day. */
type Spending = {
  readonly reserved: number;
  readonly used: number;
  readonly day: string;
  readonly dayUsed: number;
  readonly version: number;
};

export type Account = Funds & { readonly tasksAllowed: number };
export type Key = Spending & SpendingLimits;

/** An account and a key before a posting. */
export type Snapshot = { readonly account: Account; readonly key: Key };

/** The account and the key after a posting, with the entry to append. */
export type Posting = {
  readonly funds: Funds;
  readonly spending: Spending;
  readonly entry: Readonly<Record<string, string | number>>;
};

/** Reserves the price of a task. @throws {Error} when a limit is reached, which nothing here measures */
export function reserve({ account, key }: Snapshot, task: Pending): Posting {
  const { id: taskId, reserved: price, createdAt: at, keyId } = task;
  const { totalLimit = Infinity, dailyLimit = Infinity } = key;
  const day = dayIn(key.timeZone, at);
  const dayUsed = (key.day === day ? key.dayUsed : 0) + price;
  const isAllowed = [
    key.used + key.reserved + price <= totalLimit,
    dayUsed <= dailyLimit,
    account.balance >= price,
    account.inFlight < account.tasksAllowed,
  ];
  if (isAllowed.includes(false)) throw new Error(`${taskId} is beyond a limit`);
  const { reserved, inFlight } = account;
  return post(
    { ...account, reserved: reserved + price, inFlight: inFlight + 1 },
    { ...key, reserved: key.reserved + price, day, dayUsed },
    { kind: 'reserve', at, amount: -price, taskId, keyId },
  );
}

/** Charges what was made, and returns the rest of the reservation. */
export function settle({ account, key }: Snapshot, task: EndedTask): Posting {
  const { id: taskId, reserved: price, charged, createdAt, finishedAt: at, keyId } = task;
  const returned = price - charged;
  const isOfThatDay = key.day === dayIn(key.timeZone, createdAt);
  const { reserved, used, inFlight } = account;
  return post(
    { ...account, reserved: reserved - price, used: used + charged, inFlight: inFlight - 1 },
    {
      ...key,
      reserved: key.reserved - price,
      used: key.used + charged,
      dayUsed: isOfThatDay ? Math.max(0, key.dayUsed - returned) : key.dayUsed,
    },
    { kind: 'settle', at, amount: returned, charged, taskId, keyId },
  );
}

function post(
  funds: Funds,
  spending: Spending,
  entry: Posting['entry'] & { readonly amount: number },
): Posting {
  const number = funds.entries + 1;
  const balance = funds.balance + entry.amount;
  return {
    funds: { ...funds, balance, entries: number },
    spending: { ...spending, version: spending.version + 1 },
    entry: { ...entry, number, balance },
  };
}
