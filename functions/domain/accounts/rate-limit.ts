import type { Caller } from '../model/api-key.ts';
import { boundedMap } from '../model/cache.ts';
import type { Clock } from '../model/clock.ts';
import { responseHeaders } from '../model/http-headers.ts';
import { Problem } from '../model/problem.ts';

/** How many requests a key may still send now. */
export type RateLimitState = {
  readonly limit: number;
  readonly remaining: number;
  /** When the whole limit of the key is available, in ms. */
  readonly resetAt: number;
};

export type RateLimitResult = {
  readonly rate: RateLimitState;
  /** ms until one more request is allowed; absent when this one was. */
  readonly waitMs?: number;
};

/** The store of the rate limit (GCRA) of API keys; it also knows when each key was last used. */
export type KeyActivity = {
  /**
   * Counts a request against the limit of its key, and records in the same write that the key is in use. A request
   * above the limit is not counted. `perMinute` is a whole number from 1 on.
   */
  consume(keyId: string, perMinute: number, now: number): Promise<RateLimitResult>;
  /** Records that the key is in use, at most once a minute. */
  touchLastUsed(keyId: string, now: number): Promise<void>;
  /**
   * Records that a session is in use, unless it was idle for too long.
   * @returns whether the session goes on
   */
  continueSession(
    session: { readonly keyId: string; readonly startedAt: number },
    now: number,
  ): Promise<boolean>;
  /** When each of these keys was last used; a key that was never used is absent. */
  lastUsed(keyIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
};

/** How precisely the last use of a key is recorded, in milliseconds. */
export const lastUsedPrecisionMs = 60_000;

/**
 * The rate limit is GCRA (the generic cell rate algorithm) with a burst of one whole minute. All that
 * is stored of a key is its theoretical arrival time: when its next request would come if requests
 * came evenly. Each allowed request moves it on by the cost of one; a key that was never used has 0.
 *
 *     3 requests a minute, so one costs 20 s; four requests come at second 0:
 *     arrival time    0 → 20 → 40 → 60      allowed, while it is at most 40 s (limit - 1 costs) ahead
 *     arrival time   60 → limited           a wait of 20 s, after which it is 40 s ahead
 *
 * Times are whole microseconds: few limits divide the minute, and fractions of a millisecond would not
 * add up to it exactly. The burst is a minute whatever the limit is, so a key whose limit is changed
 * keeps the share of it that was used.
 */
export type RateLimit = {
  readonly limit: number;
  /** By how much one request moves the arrival time on. */
  readonly cost: number;
  readonly now: number;
  /** A later theoretical arrival time than this leaves no room for another request. */
  readonly maxTheoreticalArrivalAt: number;
};

const minuteMicros = 60_000_000;

/** The limit of a key that may send so many requests a minute, at this moment. */
export function rateLimitAt(nowMs: number, perMinute: number): RateLimit {
  const cost = Math.floor(minuteMicros / perMinute);
  const now = nowMs * 1000;
  return {
    limit: perMinute,
    cost,
    now,
    maxTheoreticalArrivalAt: now + (perMinute - 1) * cost,
  };
}

/**
 * Whether a request is allowed. `idle`: it is, and the arrival time starts from now, because time that
 * passed without requests does not add up. `active`: it is, and the arrival time moves on from where it
 * is. `limited`: it is not.
 */
export function decide(
  { now, maxTheoreticalArrivalAt }: RateLimit,
  theoreticalArrivalAt: number,
): 'idle' | 'active' | 'limited' {
  if (theoreticalArrivalAt <= now) return 'idle';
  return theoreticalArrivalAt <= maxTheoreticalArrivalAt ? 'active' : 'limited';
}

/** The theoretical arrival time after an allowed request. */
export const nextTheoreticalArrivalAt = (
  { now, cost }: RateLimit,
  theoreticalArrivalAt: number,
): number => Math.max(theoreticalArrivalAt, now) + cost;

/**
 * How much of the limit is left. The clock of another function may be ahead, so more than the limit can be
 * used up.
 */
export function rateLimitState(
  { limit, cost, now }: RateLimit,
  theoreticalArrivalAt: number,
): RateLimitState {
  const ahead = Math.max(0, theoreticalArrivalAt - now);
  return {
    limit,
    remaining: Math.max(0, limit - Math.ceil(ahead / cost)),
    resetAt: Math.ceil((now + ahead) / 1000),
  };
}

/** The result of a request that is above the limit. */
export const limited = (rateLimit: RateLimit, theoreticalArrivalAt: number): RateLimitResult => ({
  rate: rateLimitState(rateLimit, theoreticalArrivalAt),
  waitMs: Math.ceil((theoreticalArrivalAt - rateLimit.maxTheoreticalArrivalAt) / 1000),
});

/**
 * Counts a request of this caller's key and returns the headers that say how much is left.
 * @throws {Problem} `rate_limit_exceeded` when the key has sent too many
 */
export const limitRequests =
  (activity: Pick<KeyActivity, 'consume'>, now: Clock) =>
  async ({ keyId, requestsPerMinute }: Pick<Caller, 'keyId' | 'requestsPerMinute'>) => {
    const result = await activity.consume(keyId, requestsPerMinute, now());
    if (result.waitMs !== undefined) throw tooManyRequests(result);
    return rateHeaders(result.rate);
  };

/** The response to a request that was above the limit. */
export function tooManyRequests({ rate, waitMs = 0 }: RateLimitResult): Problem {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new Problem(
    'rate_limit_exceeded',
    `This API key may send ${rate.limit} request(s) a minute: send the next one in ${seconds} s.`,
    { headers: { [responseHeaders.retryAfter]: String(seconds), ...rateHeaders(rate) } },
  );
}

/** What every response says about the limit. The reset is in unix seconds. */
export const rateHeaders = ({
  limit,
  remaining,
  resetAt,
}: RateLimitState): Record<string, string> => ({
  [responseHeaders.rateLimit]: String(limit),
  [responseHeaders.rateRemaining]: String(remaining),
  [responseHeaders.rateReset]: String(Math.ceil(resetAt / 1000)),
});

/**
 * How many calls that create nothing a key may make for each create it may ask for. A key that makes 300 tasks a
 * minute may send 100 calls a second: enough to ask for 200 tasks every two seconds.
 */
export const callsPerCreate = 20;

/**
 * How many calls each write reserves for one function instance, so that only one call in ten needs a write. Reserved
 * calls that are not used are lost.
 */
const callsPerWrite = 10;

/** How many calls a minute a key may make that create nothing. */
export const callsPerMinute = (requestsPerMinute: number): number =>
  requestsPerMinute * callsPerCreate;

/**
 * Limits the calls of a key that create nothing, by the same algorithm and store as its creates, in a row of
 * their own.
 * @throws {Problem} `rate_limit_exceeded`
 */
export const limitCalls = (activity: Pick<KeyActivity, 'consume'>, now: Clock) => {
  const callsLeftCache = boundedMap<number>();

  return async ({ keyId, requestsPerMinute }: Caller): Promise<void> => {
    const remaining = callsLeftCache.get(keyId) ?? 0;
    if (remaining > 0) {
      callsLeftCache.set(keyId, remaining - 1);
      return;
    }
    const perMinute = callsPerMinute(requestsPerMinute);
    const { waitMs } = await activity.consume(`calls#${keyId}`, perMinute / callsPerWrite, now());
    if (waitMs !== undefined) throw tooManyCalls(perMinute, waitMs);
    callsLeftCache.set(keyId, callsPerWrite - 1);
  };
};

/**
 * How many test events an account may send in a minute: each one makes us send a request to an address of the caller's
 * choice.
 */
export const testEventsPerMinute = 6;

/**
 * Limits the test events of an account, whichever of its keys asks for them.
 * @throws {Problem} `rate_limit_exceeded`
 */
export const limitTestEvents =
  (activity: Pick<KeyActivity, 'consume'>, now: Clock) =>
  async ({ account }: Pick<Caller, 'account'>): Promise<void> => {
    const { waitMs } = await activity.consume(`test-events#${account}`, testEventsPerMinute, now());
    if (waitMs === undefined) return;
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    throw new Problem(
      'rate_limit_exceeded',
      `An account may send ${testEventsPerMinute} test events a minute: send the next one in ${seconds} s.`,
      { headers: { [responseHeaders.retryAfter]: String(seconds) } },
    );
  };

function tooManyCalls(perMinute: number, waitMs: number): Problem {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new Problem(
    'rate_limit_exceeded',
    `This API key may make ${perMinute} calls a minute that create nothing: make the next one in ${seconds} s.`,
    { headers: { [responseHeaders.retryAfter]: String(seconds) } },
  );
}
