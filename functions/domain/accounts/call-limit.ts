import type { Caller } from '../model/api-key.ts';
import type { Clock } from '../model/clock.ts';
import { Problem } from '../model/problem.ts';
import type { KeyActivity } from './rate-limit.ts';

/**
 * How many calls that create nothing a key may make for each create it may ask for. With the default of 300
 * creates that is 100 calls a second: twice what polling 100 tasks in flight every two seconds takes.
 */
export const callsPerCreate = 20;

/**
 * How many calls each write reserves for one function instance, so that only one call in ten needs a write. Reserved
 * calls that are not used are lost.
 */
const callsPerWrite = 10;

// Bounded, so that many keys cannot fill the memory.
const maxKeys = 1000;

/** How many calls a minute a key may make that create nothing. */
export const callsPerMinute = (requestsPerMinute: number): number =>
  requestsPerMinute * callsPerCreate;

/**
 * Limits the calls of a key that create nothing, by the same algorithm and store as its creates, in a row of
 * their own.
 * @throws {Problem} `rate_limit_exceeded`
 */
export const limitCalls = (activity: Pick<KeyActivity, 'consume'>, now: Clock) => {
  const left = new Map<string, number>();

  return async ({ keyId, requestsPerMinute }: Caller): Promise<void> => {
    const remaining = left.get(keyId) ?? 0;
    if (remaining > 0) {
      left.set(keyId, remaining - 1);
      return;
    }
    const perMinute = callsPerMinute(requestsPerMinute);
    const { waitMs } = await activity.consume(`calls#${keyId}`, perMinute / callsPerWrite, now());
    if (waitMs !== undefined) throw tooManyCalls(perMinute, waitMs);
    if (left.size >= maxKeys) left.clear();
    left.set(keyId, callsPerWrite - 1);
  };
};

function tooManyCalls(perMinute: number, waitMs: number): Problem {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new Problem(
    'rate_limit_exceeded',
    `This API key may make ${perMinute} calls a minute that create nothing: make the next one in ${seconds} s.`,
    { headers: { 'retry-after': String(seconds) } },
  );
}
