import { defaultLimits, type Entry, type Funds, type Limits } from '../model/account.ts';
import { type ApiKey, dayIn, type Spending } from '../model/api-key.ts';
import { toCredits } from '../model/money.ts';
import { Problem } from '../model/problem.ts';
import type { EndedTask, Pending } from '../model/task.ts';
import type { IdempotencyRecord } from './idempotency.ts';

// The arithmetic of money, and nothing else: what an account and a key have before and after a posting.
// A store writes the result only if there was no other posting in between.

/** An account and one of its keys before a posting. */
export type AccountSnapshot = {
  readonly funds: Funds;
  readonly limits: Limits;
  readonly key?: ApiKey | undefined;
};

/** The account and the key after it, with the ledger entry to append. */
export type Posting = {
  readonly funds: Funds;
  readonly spending?: Spending | undefined;
  readonly entry: Entry;
};

/** Why no money could be reserved. */
export type ReserveFailure =
  | { readonly state: 'insufficient'; readonly balance: number }
  | { readonly state: 'too_many_in_flight'; readonly tasksInFlight: number }
  /** The API key was deleted in the meantime. */
  | { readonly state: 'key_deleted' }
  | { readonly state: 'key_exhausted'; readonly key: ApiKey }
  | { readonly state: 'key_exhausted_today'; readonly key: ApiKey; readonly dayUsed: number };

/** Reserves the price of a task. */
export function reserve(
  { funds, limits, key }: AccountSnapshot,
  task: Pending,
): Posting | ReserveFailure {
  const { id, reserved: price, createdAt: at, keyId } = task;
  if (!key) return { state: 'key_deleted' };
  const failure = keyLimitFailure(key, price, at);
  if (failure) return failure;
  if (funds.balance < price) return { state: 'insufficient', balance: funds.balance };
  const { tasksInFlight = defaultLimits.tasksInFlight } = limits;
  if (funds.inFlight >= tasksInFlight) return { state: 'too_many_in_flight', tasksInFlight };
  return post(
    { ...funds, reserved: funds.reserved + price, inFlight: funds.inFlight + 1 },
    { kind: 'reserve', at, amount: -price, taskId: id, keyId },
    {
      reserved: key.reserved + price,
      used: key.used,
      version: key.version + 1,
      day: dayOf(key, at),
      dayUsed: usedToday(key, at) + price,
    },
  );
}

/** Charges the images of a task that were made and returns the rest of its reservation. */
export function settle({ funds, key }: AccountSnapshot, task: EndedTask): Posting {
  const { id, reserved: price, charged, createdAt, finishedAt: at, keyId } = task;
  const returned = price - charged;
  return post(
    {
      ...funds,
      reserved: funds.reserved - price,
      used: funds.used + charged,
      inFlight: funds.inFlight - 1,
    },
    { kind: 'settle', at, amount: returned, charged, taskId: id, keyId },
    key && {
      reserved: key.reserved - price,
      used: key.used + charged,
      version: key.version + 1,
      // The cost of a task counts on the day it was created, and only the latest day is stored. If the
      // time zone was changed since, that may be a day this task was never counted on.
      day: key.day,
      dayUsed: key.dayUsed,
      ...(key.day === dayIn(key.timeZone, createdAt) && {
        dayUsed: Math.max(0, key.dayUsed - returned),
      }),
    },
  );
}

/** Credits that the operator grants, or withdraws when the amount is negative. */
export type Credit = {
  readonly account: string;
  readonly amount: number;
  readonly at: number;
  readonly keyId?: string | undefined;
  readonly note?: string | undefined;
};

/** Grants or withdraws credits; no more can be withdrawn than the balance. */
export function credit(
  funds: Funds,
  { amount, at, keyId, note }: Credit,
): Posting | Extract<ReserveFailure, { state: 'insufficient' }> {
  if (funds.balance + amount < 0) return { state: 'insufficient', balance: funds.balance };
  const kind = amount < 0 ? 'withdraw' : 'grant';
  return post({ ...funds, granted: funds.granted + amount }, { kind, at, amount, keyId, note });
}

/** What was used of the daily limit, on the day of this moment. */
export const usedToday = (key: ApiKey, at: number): number =>
  key.day === dayOf(key, at) ? key.dayUsed : 0;

// A posting from before midnight, or by a clock that is late, counts on the latest day on record: going
// back to its own day would forget what was used on the later one.
function dayOf({ timeZone, day = '' }: ApiKey, at: number): string {
  const today = dayIn(timeZone, at);
  return today < day ? day : today;
}

function keyLimitFailure(key: ApiKey, price: number, at: number): ReserveFailure | undefined {
  const { totalLimit = Infinity, dailyLimit = Infinity } = key;
  if (key.used + key.reserved + price > totalLimit) return { state: 'key_exhausted', key };
  const dayUsed = usedToday(key, at);
  if (dayUsed + price > dailyLimit) return { state: 'key_exhausted_today', key, dayUsed };
  return undefined;
}

function post(
  funds: Funds,
  change: Omit<Entry, 'number' | 'balance'>,
  spending?: Spending,
): Posting {
  const number = funds.entries + 1;
  const balance = funds.balance + change.amount;
  return {
    funds: { ...funds, balance, entries: number },
    spending,
    entry: { ...change, number, balance },
  };
}

/** The result of reserving the price of a new task. */
export type ReserveResult =
  | { readonly state: 'reserved' }
  | ReserveFailure
  /** The idempotency key was used before: for this task, by a request with this hash. */
  | {
      readonly state: 'idempotency_key_used';
      readonly taskId: string;
      readonly requestHash: string;
    };

/** The result of granting or withdrawing credits. */
export type CreditResult =
  | { readonly state: 'credited'; readonly entry: Entry }
  | Extract<ReserveFailure, { state: 'insufficient' }>
  | { readonly state: 'account_missing' }
  /** The idempotency key was used before: for this entry, or for a task when there is none. */
  | {
      readonly state: 'idempotency_key_used';
      readonly entry?: Entry | undefined;
      readonly requestHash: string;
    };

/** Other writers changed the account every time, so nothing was written. A retry may help. */
export class LedgerBusy extends Error {
  override readonly name = 'LedgerBusy';
}

/**
 * Always throws: for `LedgerBusy` the problem that the caller gets, and any other error as it is.
 */
export function throwLedgerProblem(error: unknown): never {
  if (!(error instanceof LedgerBusy)) throw error;
  throw new Problem('service_unavailable', 'The account is busy; send the request again.', {
    headers: { 'retry-after': '1' },
    cause: error,
  });
}

/**
 * The ledger changes funds, in one transaction with the task or request that is the reason, and records
 * every posting.
 */
export type Ledger = {
  /**
   * Reserves `task.reserved` milli-credits, writes the task and the idempotency record, all or
   * nothing.
   * @throws {LedgerBusy}
   */
  reserve(task: Pending, idempotency?: IdempotencyRecord): Promise<ReserveResult>;
  /**
   * Ends the task: charges `task.charged`, returns the rest of the reservation and writes the final
   * record, all or nothing. Settling twice changes nothing: the second call returns `undefined`.
   * @throws {LedgerBusy}
   */
  settle(task: EndedTask): Promise<EndedTask | undefined>;
  /**
   * Grants or withdraws credits and writes the idempotency record, all or nothing.
   * @throws {LedgerBusy}
   */
  credit(credit: Credit, idempotency?: IdempotencyRecord): Promise<CreditResult>;
};

/** After how many seconds a task of the account may have ended, so that a retry is worth it. */
const inFlightRetrySeconds = 5;

/** The response when the price of a task could not be reserved. Nothing was written. */
export function reserveProblem(
  failure: ReserveFailure,
  { reserved, n }: Pick<Pending, 'reserved' | 'n'>,
): Problem {
  const estimated_credits = toCredits(reserved);
  const needs = `${n} image(s) need ${estimated_credits}`;
  switch (failure.state) {
    case 'insufficient':
      return new Problem('insufficient_quota', `The account has too few credits: ${needs}.`, {
        details: { estimated_credits, account_balance_credits: toCredits(failure.balance) },
      });
    case 'key_exhausted': {
      const { name, totalLimit = 0, used, reserved: keyReserved } = failure.key;
      const message = `The API key "${name}" has reached its limit: ${needs}.`;
      return new Problem('KEY_QUOTA_EXHAUSTED', message, {
        details: {
          key_name: name,
          estimated_credits,
          total_limit_credits: toCredits(totalLimit),
          used_credits: toCredits(used),
          remaining_credits: toCredits(Math.max(0, totalLimit - used - keyReserved)),
        },
      });
    }
    case 'key_exhausted_today': {
      const { name, dailyLimit = 0, timeZone } = failure.key;
      const message = `The API key "${name}" has reached its limit for today: ${needs}. It begins anew at midnight, ${timeZone}.`;
      return new Problem('KEY_DAILY_QUOTA_EXHAUSTED', message, {
        details: {
          key_name: name,
          estimated_credits,
          daily_limit_credits: toCredits(dailyLimit),
          daily_used_credits: toCredits(failure.dayUsed),
          remaining_credits: toCredits(Math.max(0, dailyLimit - failure.dayUsed)),
          reset_timezone: timeZone,
        },
      });
    }
    case 'too_many_in_flight':
      return new Problem(
        'rate_limit_exceeded',
        `The account has as many tasks that have not ended as it may (${failure.tasksInFlight}); send this one later.`,
        { headers: { 'retry-after': String(inFlightRetrySeconds) } },
      );
    case 'key_deleted':
      return new Problem('unauthorized', 'The API key is not valid.');
    default:
      return failure satisfies never;
  }
}
