import { defaultLimits, type Entry, type Funds, type Limits } from './account.ts';
import { type ApiKey, dayIn, type Spending } from './api-key.ts';
import type { Ended, Pending } from './task.ts';

// The arithmetic of money, and nothing else: what an account and a key have before and after. Who
// writes it down does so only if nobody moved money in between.

/** An account and a key of it before a movement. */
export type Books = {
  readonly funds: Funds;
  readonly limits: Limits;
  readonly key?: ApiKey | undefined;
};

/** And after it, with the entry that says so. */
export type Movement = {
  readonly funds: Funds;
  readonly spending?: Spending | undefined;
  readonly entry: Entry;
};

/** Why no money could be reserved. */
export type Shortage =
  | { readonly state: 'insufficient'; readonly balance: number }
  | { readonly state: 'crowded'; readonly tasksInFlight: number }
  /** The API key was deleted in the meantime. */
  | { readonly state: 'key-gone' }
  | { readonly state: 'key-exhausted'; readonly key: ApiKey }
  | { readonly state: 'key-exhausted-today'; readonly key: ApiKey; readonly dayUsed: number };

/** Sets the price of a task aside. */
export function reserve({ funds, limits, key }: Books, task: Pending): Movement | Shortage {
  const { id, reserved: price, createdAt: at, keyId } = task;
  if (!key) return { state: 'key-gone' };
  const shortage = shortageOf(key, price, at);
  if (shortage) return shortage;
  if (funds.balance < price) return { state: 'insufficient', balance: funds.balance };
  const { tasksInFlight = defaultLimits.tasksInFlight } = limits;
  if (funds.inFlight >= tasksInFlight) return { state: 'crowded', tasksInFlight };
  return moved(
    { ...funds, reserved: funds.reserved + price, inFlight: funds.inFlight + 1 },
    { kind: 'reserve', at, amount: -price, taskId: id, keyId },
    {
      ...{ reserved: key.reserved + price, used: key.used, moves: key.moves + 1 },
      ...{ day: dayOf(key, at), dayUsed: usedToday(key, at) + price },
    },
  );
}

/** Charges what was made of a task and returns the rest. */
export function settle({ funds, key }: Books, task: Ended): Movement {
  const { id, reserved: price, charged, createdAt, finishedAt: at, keyId } = task;
  const returned = price - charged;
  return moved(
    {
      ...funds,
      reserved: funds.reserved - price,
      used: funds.used + charged,
      inFlight: funds.inFlight - 1,
    },
    { kind: 'settle', at, amount: returned, charged, taskId: id, keyId },
    key && {
      ...{ reserved: key.reserved - price, used: key.used + charged, moves: key.moves + 1 },
      // What it costs belongs to the day it was asked for; of a day that is over nobody asks. Where
      // the time zone was changed since, that may be a day this task was never counted in.
      ...{ day: key.day, dayUsed: key.dayUsed },
      ...(key.day === dayIn(key.timeZone, createdAt) && {
        dayUsed: Math.max(0, key.dayUsed - returned),
      }),
    },
  );
}

/** Credits that the operator gives, or takes when the amount is negative. */
export type Credit = {
  readonly account: string;
  readonly amount: number;
  readonly at: number;
  readonly keyId?: string | undefined;
  readonly note?: string | undefined;
};

/** Grants or withdraws credits; what is not there cannot be taken. */
export function credit(
  funds: Funds,
  { account: _, amount, ...what }: Credit,
): Movement | Extract<Shortage, { state: 'insufficient' }> {
  if (funds.balance + amount < 0) return { state: 'insufficient', balance: funds.balance };
  const kind = amount < 0 ? 'withdraw' : 'grant';
  return moved({ ...funds, granted: funds.granted + amount }, { ...what, kind, amount });
}

/** What was used of the daily limit, on the day of this moment. */
export const usedToday = (key: ApiKey, at: number): number =>
  key.day === dayOf(key, at) ? key.dayUsed : 0;

// Who comes late, from before midnight or with a clock that is behind, counts on the last day there
// was: going back to his would forget what was used on that one.
function dayOf({ timeZone, day = '' }: ApiKey, at: number): string {
  const today = dayIn(timeZone, at);
  return today < day ? day : today;
}

function shortageOf(key: ApiKey, price: number, at: number): Shortage | undefined {
  const { totalLimit = Infinity, dailyLimit = Infinity } = key;
  if (key.used + key.reserved + price > totalLimit) return { state: 'key-exhausted', key };
  const dayUsed = usedToday(key, at);
  if (dayUsed + price > dailyLimit) return { state: 'key-exhausted-today', key, dayUsed };
  return undefined;
}

function moved(
  funds: Funds,
  what: Omit<Entry, 'number' | 'balance'>,
  spending?: Spending,
): Movement {
  const number = funds.entries + 1;
  const balance = funds.balance + what.amount;
  return {
    funds: { ...funds, balance, entries: number },
    spending,
    entry: { ...what, number, balance },
  };
}
