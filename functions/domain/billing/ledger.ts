import type { Entry } from '../model/account.ts';
import type { Caller } from '../model/api-key.ts';
import type { AuditEntry } from '../model/audit.ts';
import { responseHeaders } from '../model/http-headers.ts';
import { toCredits } from '../model/money.ts';
import { Problem } from '../model/problem.ts';
import type { EndedTask, Pending, WithRequest } from '../model/task.ts';
import type { IdempotencyRecord } from './idempotency.ts';
import type { PlayCreditsRefill } from './play-credits.ts';

/** Why no money could be reserved. All amounts are in milli-credits. */
export type ReserveFailure =
  | { readonly state: 'insufficient'; readonly balance: number }
  | { readonly state: 'too_many_in_flight'; readonly tasksInFlight: number }
  /** The API key was deleted in the meantime. */
  | { readonly state: 'key_deleted' }
  | {
      readonly state: 'key_exhausted';
      readonly totalLimit: number;
      readonly used: number;
      readonly remaining: number;
    }
  /** The task is beyond the daily budget of the account, which refuses it. */
  | { readonly state: 'over_budget'; readonly budget: number; readonly remaining: number }
  | {
      readonly state: 'key_exhausted_today';
      readonly dailyLimit: number;
      readonly remaining: number;
    }
  /** Others changed the account at every attempt. A retry may help. */
  | { readonly state: 'busy' };

/** The idempotency key was used before: for this task, by a request with this hash. */
export type TaskKeyUsed = {
  readonly state: 'idempotency_key_used';
  readonly taskId: string;
  readonly requestHash: string;
};

/** The result of reserving the price of a new task. */
export type ReserveResult =
  | {
      readonly state: 'reserved';
      /** The task is beyond the daily budget of its account, which does not refuse it. */
      readonly isOverBudget?: true;
    }
  | ReserveFailure
  | TaskKeyUsed;

/** Credits that the operator grants, or withdraws when the amount is negative. */
export type Credit = {
  readonly account: string;
  readonly amount: number;
  readonly at: number;
  readonly keyId?: string | undefined;
  readonly note?: string | undefined;
};

/** The result of granting or withdrawing credits. */
export type CreditResult =
  | { readonly state: 'credited'; readonly entry: Entry }
  | Extract<ReserveFailure, { state: 'insufficient' | 'busy' }>
  | { readonly state: 'account_missing' }
  /** The idempotency key was used before: for this entry, or for a task when there is none. */
  | {
      readonly state: 'idempotency_key_used';
      readonly entry?: Entry | undefined;
      readonly requestHash: string;
    };

/** What limits the spending of the key that a task is created with. */
export type SpendingLimits = Pick<
  Caller,
  'totalLimit' | 'dailyLimit' | 'timeZone' | 'revision' | 'accountShards' | 'budget'
>;

/** Others changed the account at every attempt to settle a task. A retry may help. */
export class LedgerBusy extends Error {
  override readonly name = 'LedgerBusy';
}

/**
 * The ledger moves credits, in one transaction with the task or request that is the reason, and records every
 * posting in an entry. Each credit that was granted is in the balance, reserved or used: at all times, and also in
 * each shard.
 */
export type Ledger = {
  /**
   * Reserves `task.reserved` milli-credits, writes the task and the idempotency record, all or nothing. `limits` are
   * those of the task's key, as they were read a moment ago.
   */
  reserve(
    task: WithRequest<Pending>,
    limits: SpendingLimits,
    idempotency?: IdempotencyRecord,
  ): Promise<ReserveResult>;
  /**
   * Fills the balance of the test side of an account up to the play credits, if nobody has done so on this day (UTC). The
   * first call creates the test side. A repeated call changes nothing. `false`: others changed the account at every attempt.
   */
  refill(refill: PlayCreditsRefill): Promise<boolean>;
  /**
   * Ends the task: charges `task.charged`, returns the rest of the reservation and writes the final
   * record, all or nothing. Settling twice changes nothing: the second call returns `undefined`.
   * @throws {LedgerBusy}
   */
  settle(task: EndedTask): Promise<EndedTask | undefined>;
  /**
   * Grants or withdraws credits and writes the ledger entry, the idempotency record and the audit entry, all or nothing.
   */
  credit(
    credit: Credit,
    idempotency?: IdempotencyRecord,
    audit?: (entry: Entry) => AuditEntry,
  ): Promise<CreditResult>;
};

/** The response while others change the account all the time. Nothing was written. */
export const busyProblem = (): Problem =>
  new Problem('service_unavailable', 'The account is busy; send the request again.', {
    headers: { [responseHeaders.retryAfter]: '1' },
  });

/** After how many seconds a task of the account may have ended, so that a retry is worth it. */
const inFlightRetrySeconds = 5;

type Request = {
  readonly price: number;
  readonly n: number;
  readonly caller: Pick<Caller, 'keyName' | 'timeZone'>;
};

/** The response when the price of a task could not be reserved. Nothing was written. */
export function reserveProblem(failure: ReserveFailure, { price, n, caller }: Request): Problem {
  const { keyName: key_name, timeZone } = caller;
  const estimated_credits = toCredits(price);
  const needs = `${n} image(s) need ${estimated_credits}`;
  switch (failure.state) {
    case 'insufficient':
      return new Problem('insufficient_quota', `The account has too few credits: ${needs}.`, {
        details: { estimated_credits, account_balance_credits: toCredits(failure.balance) },
      });
    case 'key_exhausted': {
      const message = `The API key "${key_name}" has reached its limit: ${needs}.`;
      return new Problem('KEY_QUOTA_EXHAUSTED', message, {
        details: {
          key_name,
          estimated_credits,
          total_limit_credits: toCredits(failure.totalLimit),
          used_credits: toCredits(failure.used),
          remaining_credits: toCredits(Math.max(0, failure.remaining)),
        },
      });
    }
    case 'key_exhausted_today': {
      const { dailyLimit, remaining } = failure;
      const message = `The API key "${key_name}" has reached its limit for today: ${needs}. It begins anew at midnight, ${timeZone}.`;
      return new Problem('KEY_DAILY_QUOTA_EXHAUSTED', message, {
        details: {
          key_name,
          estimated_credits,
          daily_limit_credits: toCredits(dailyLimit),
          daily_used_credits: toCredits(dailyLimit - remaining),
          remaining_credits: toCredits(Math.max(0, remaining)),
          reset_timezone: timeZone,
        },
      });
    }
    case 'over_budget':
      return new Problem(
        'daily_budget_exhausted',
        `The account has reached its daily budget: ${needs}. It begins anew at midnight, UTC.`,
        {
          details: {
            estimated_credits,
            daily_budget_credits: toCredits(failure.budget),
            remaining_credits: toCredits(Math.max(0, failure.remaining)),
          },
        },
      );
    case 'too_many_in_flight':
      return new Problem(
        'rate_limit_exceeded',
        `The account has as many tasks that have not ended as it may (${failure.tasksInFlight}); send this one later.`,
        { headers: { [responseHeaders.retryAfter]: String(inFlightRetrySeconds) } },
      );
    case 'key_deleted':
      return new Problem('unauthorized', 'The API key is not valid.');
    case 'busy':
      return busyProblem();
    default:
      return failure satisfies never;
  }
}
