import { describe, expect, test } from 'vitest';
import {
  decide,
  limited,
  nextTheoreticalArrivalAt,
  rateHeaders,
  rateLimitAt,
  rateLimitState,
  tooManyRequests,
} from '../../../../functions/domain/accounts/rate-limit.ts';
import { sampleTime } from '../../../support/tasks.ts';

const micros = (seconds: number) => (sampleTime + seconds * 1000) * 1000;
const unused = 0;

/** One request after the other at one moment, until the key is limited. */
function drain(perMinute: number, now: number) {
  const rateLimit = rateLimitAt(now, perMinute);
  let theoreticalArrivalAt = unused;
  let allowed = 0;
  while (decide(rateLimit, theoreticalArrivalAt) !== 'limited') {
    theoreticalArrivalAt = nextTheoreticalArrivalAt(rateLimit, theoreticalArrivalAt);
    allowed += 1;
  }
  return { allowed, theoreticalArrivalAt };
}

describe('the limit of a key', () => {
  test.each([1, 2, 3, 7, 59, 60, 61, 299, 300, 1000, 7001, 59_999])(
    'of %i requests a minute allows just as many at once',
    (perMinute) => {
      expect(drain(perMinute, sampleTime).allowed).toBe(perMinute);
    },
  );

  test.each([1, 7, 60, 299, 7001, 59_999])(
    'of %i requests a minute is fully available again after a minute, and hardly before',
    (perMinute) => {
      const { theoreticalArrivalAt } = drain(perMinute, sampleTime);

      expect(theoreticalArrivalAt).toBeLessThanOrEqual(micros(60));
      expect(theoreticalArrivalAt).toBeGreaterThan(micros(60 - 0.06));
    },
  );

  test.each([1, 7, 60, 299, 7001])(
    'of %i requests a minute allows one more after the wait it names, and not a millisecond before',
    (perMinute) => {
      const { theoreticalArrivalAt } = drain(perMinute, sampleTime);
      const { waitMs = 0 } = limited(rateLimitAt(sampleTime, perMinute), theoreticalArrivalAt);

      const decisionIn = (ms: number) =>
        decide(rateLimitAt(sampleTime + ms, perMinute), theoreticalArrivalAt);
      expect([decisionIn(waitMs - 1), decisionIn(waitMs) === 'limited']).toEqual([
        'limited',
        false,
      ]);
    },
  );

  test.each([
    ['never used', 60, unused, 'idle', 60],
    ['idle for long', 60, micros(-1000), 'idle', 60],
    ['idle just now', 60, micros(0), 'idle', 60],
    ['used a microsecond ago', 60, micros(0) + 1, 'active', 59],
    ['used once', 60, micros(1), 'active', 59],
    ['with room for one', 60, micros(59), 'active', 1],
    ['with room for nearly one', 60, micros(59) + 1, 'limited', 0],
    ['used up', 60, micros(60), 'limited', 0],
    ['used up by a clock that is ahead', 60, micros(60.5), 'limited', 0],
    ['for one, never used', 1, unused, 'idle', 1],
    ['for one, nearly idle', 1, micros(0) + 1, 'limited', 0],
    ['half used when the limit was ten times higher', 6, micros(30), 'active', 3],
    ['used up when the limit was ten times higher', 6, micros(60), 'limited', 0],
    ['used up when the limit was ten times lower', 600, micros(60), 'limited', 0],
  ] as const)('that is %s, for %i a minute', (_, perMinute, arrivalAt, decision, remaining) => {
    const rateLimit = rateLimitAt(sampleTime, perMinute);

    expect(decide(rateLimit, arrivalAt)).toBe(decision);
    expect(rateLimitState(rateLimit, arrivalAt)).toMatchObject({ limit: perMinute, remaining });
  });

  test.each([
    ['never used', unused, sampleTime],
    ['idle for long', micros(-1000), sampleTime],
    ['used', micros(7), sampleTime + 7000],
    ['used, with a fraction of a millisecond', micros(7) + 1, sampleTime + 7001],
  ])('that is %s says when it is fully available again', (_, arrivalAt, expected) => {
    expect(rateLimitState(rateLimitAt(sampleTime, 60), arrivalAt).resetAt).toBe(expected);
  });

  test.each([
    ['used up', 60, micros(60), 1000],
    ['used up for a slow key', 1, micros(60), 60_000],
    ['with room for nearly one', 60, micros(59) + 1, 1],
    ['used up by a clock that is ahead', 60, micros(60.5), 1500],
    ['used up when the limit was ten times higher', 6, micros(60), 10_000],
    ['used up when the limit was ten times lower', 600, micros(60), 100],
  ])('that is %s says how long to wait', (_, perMinute, arrivalAt, waitMs) => {
    expect(limited(rateLimitAt(sampleTime, perMinute), arrivalAt).waitMs).toBe(waitMs);
  });
});

test('every response says how much of the limit is left, with the reset in whole seconds', () => {
  const rate = { limit: 300, remaining: 17, resetAt: sampleTime + 1 };

  expect(rateHeaders(rate)).toEqual({
    'x-ratelimit-limit': '300',
    'x-ratelimit-remaining': '17',
    'x-ratelimit-reset': String(sampleTime / 1000 + 1),
  });
});

test.each([
  [1, '1'],
  [200, '1'],
  [1000, '1'],
  [1001, '2'],
  [60_000, '60'],
])('a wait of %i ms is a retry-after of %s s', (waitMs, seconds) => {
  const rate = { limit: 60, remaining: 0, resetAt: sampleTime + 60_000 };

  const problem = tooManyRequests({ rate, waitMs });

  expect(problem).toMatchObject({
    code: 'rate_limit_exceeded',
    status: 429,
    message: `This API key may send 60 request(s) a minute: send the next one in ${seconds} s.`,
    headers: {
      'retry-after': seconds,
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(sampleTime / 1000 + 60),
    },
  });
});
