import type { Caller } from './identify.ts';
import type { Clock } from './ports.ts';
import { Problem } from './problem.ts';

/** How far a key has got with its requests a minute. */
export type Rate = {
  readonly limit: number;
  readonly remaining: number;
  /** When the bucket is full again, in ms. */
  readonly fullAt: number;
};

export type Taken = {
  readonly rate: Rate;
  /** ms until one more request is allowed; absent when this one was. */
  readonly waitMs?: number;
};

/** What API keys have been doing lately. */
export type Activity = {
  /** Counts a request against the limit of its key, a whole number from 1 on, unless it is above it. */
  take(keyId: string, perMinute: number, now: number): Promise<Taken>;
  /** Notes that the key is in use, at most once a minute. */
  noteUse(keyId: string, now: number): Promise<void>;
  /** When each of these keys was last used; one that never was is absent. */
  lastUsed(keyIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
};

/** For so long a key counts as being in use, in milliseconds. */
export const useNotedForMs = 60_000;

const minuteMicros = 60_000_000;

/**
 * A bucket of requests that fills up evenly over the minute, at one moment. All there is to know about
 * it is when it is full again: each request moves that on by its cost, and a bucket never used has 0.
 */
export type Bucket = {
  readonly limit: number;
  readonly cost: number;
  readonly now: number;
  /** What is full again by then has room for one more request. */
  readonly latest: number;
};

// Whole microseconds: few limits divide the minute, and fractions would not add up to it exactly.
// A minute is the whole bucket whatever the limit, so who changes the limit keeps the used share.
export function bucketOf(perMinute: number, nowMs: number): Bucket {
  const cost = Math.floor(minuteMicros / perMinute);
  const now = nowMs * 1000;
  return { limit: perMinute, cost, now, latest: now + (perMinute - 1) * cost };
}

/** What a request finds in the bucket. Who finds it full starts from now, and not from when it was. */
export function stateOf({ now, latest }: Bucket, fullAt: number): 'full' | 'used' | 'empty' {
  if (fullAt <= now) return 'full';
  return fullAt <= latest ? 'used' : 'empty';
}

/** How far it is now. Another machine's clock may be ahead, so more than everything can be used up. */
export function rateOf({ limit, cost, now }: Bucket, fullAt: number): Rate {
  const missing = Math.max(0, fullAt - now);
  return {
    limit,
    remaining: Math.max(0, limit - Math.ceil(missing / cost)),
    fullAt: Math.ceil((now + missing) / 1000),
  };
}

/** The answer to a request that finds the bucket empty. */
export const refusal = (bucket: Bucket, fullAt: number): Taken => ({
  rate: rateOf(bucket, fullAt),
  waitMs: Math.ceil((fullAt - bucket.latest) / 1000),
});

/** What every answer says about the limit. The reset is in unix seconds. */
export const rateHeaders = ({ limit, remaining, fullAt }: Rate): Record<string, string> => ({
  'x-ratelimit-limit': String(limit),
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(Math.ceil(fullAt / 1000)),
});

/**
 * Counts a request of this caller's key; answers the headers that say how far it has got.
 * @throws {Problem} `rate_limit_exceeded` when the key has sent too many
 */
export const limitRequests =
  (activity: Pick<Activity, 'take'>, now: Clock) =>
  async ({ keyId, requestsPerMinute }: Pick<Caller, 'keyId' | 'requestsPerMinute'>) => {
    const taken = await activity.take(keyId, requestsPerMinute, now());
    if (taken.waitMs !== undefined) throw tooManyRequests(taken);
    return rateHeaders(taken.rate);
  };

/** The answer to a request that was above the limit. */
export function tooManyRequests({ rate, waitMs = 0 }: Taken): Problem {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new Problem(
    'rate_limit_exceeded',
    `This API key may send ${rate.limit} request(s) a minute: send the next one in ${seconds} s.`,
    { headers: { 'retry-after': String(seconds), ...rateHeaders(rate) } },
  );
}
