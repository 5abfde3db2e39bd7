import { describe, expect, test } from 'vitest';
import {
  bucketOf,
  rateHeaders,
  rateOf,
  refusal,
  stateOf,
  tooManyRequests,
} from '../../../functions/task/rate-limit.ts';
import { sampleTime } from '../../support/tasks.ts';

const micros = (seconds: number) => (sampleTime + seconds * 1000) * 1000;
const unused = 0;

/** One request after the other at one moment, for as long as there is room. */
function drain(perMinute: number, now: number) {
  const bucket = bucketOf(perMinute, now);
  let fullAt = unused;
  let passed = 0;
  while (stateOf(bucket, fullAt) !== 'empty') {
    fullAt = Math.max(fullAt, bucket.now) + bucket.cost;
    passed += 1;
  }
  return { passed, fullAt };
}

describe('a bucket', () => {
  test.each([1, 2, 3, 7, 59, 60, 61, 299, 300, 1000, 7001, 59_999])(
    'for %i requests a minute has room for just as many at once',
    (perMinute) => {
      expect(drain(perMinute, sampleTime).passed).toBe(perMinute);
    },
  );

  test.each([1, 7, 60, 299, 7001, 59_999])(
    'for %i requests a minute is full again within the minute, and hardly before',
    (perMinute) => {
      const { fullAt } = drain(perMinute, sampleTime);

      expect(fullAt).toBeLessThanOrEqual(micros(60));
      expect(fullAt).toBeGreaterThan(micros(60 - 0.06));
    },
  );

  test.each([1, 7, 60, 299, 7001])(
    'for %i requests a minute has room after the wait it names, and not a millisecond before',
    (perMinute) => {
      const { fullAt } = drain(perMinute, sampleTime);
      const { waitMs = 0 } = refusal(bucketOf(perMinute, sampleTime), fullAt);

      const then = (ms: number) => stateOf(bucketOf(perMinute, sampleTime + ms), fullAt);
      expect([then(waitMs - 1), then(waitMs) === 'empty']).toEqual(['empty', false]);
    },
  );

  test.each([
    ['never used', 60, unused, 'full', 60],
    ['full since long', 60, micros(-1000), 'full', 60],
    ['full just now', 60, micros(0), 'full', 60],
    ['used a microsecond ago', 60, micros(0) + 1, 'used', 59],
    ['used once', 60, micros(1), 'used', 59],
    ['with room for one', 60, micros(59), 'used', 1],
    ['with room for nearly one', 60, micros(59) + 1, 'empty', 0],
    ['used up', 60, micros(60), 'empty', 0],
    ['used up by a clock that is ahead', 60, micros(60.5), 'empty', 0],
    ['for one, never used', 1, unused, 'full', 1],
    ['for one, nearly full', 1, micros(0) + 1, 'empty', 0],
    ['half used when the limit was ten times higher', 6, micros(30), 'used', 3],
    ['used up when the limit was ten times higher', 6, micros(60), 'empty', 0],
    ['used up when the limit was ten times lower', 600, micros(60), 'empty', 0],
  ] as const)('%s, for %i a minute', (_, perMinute, fullAt, state, remaining) => {
    const bucket = bucketOf(perMinute, sampleTime);

    expect(stateOf(bucket, fullAt)).toBe(state);
    expect(rateOf(bucket, fullAt)).toMatchObject({ limit: perMinute, remaining });
  });

  test.each([
    ['never used', unused, sampleTime],
    ['full since long', micros(-1000), sampleTime],
    ['used', micros(7), sampleTime + 7000],
    ['used, with a fraction of a millisecond', micros(7) + 1, sampleTime + 7001],
  ])('%s says when it is full again', (_, fullAt, expected) => {
    expect(rateOf(bucketOf(60, sampleTime), fullAt).fullAt).toBe(expected);
  });

  test.each([
    ['used up', 60, micros(60), 1000],
    ['used up for a slow key', 1, micros(60), 60_000],
    ['with room for nearly one', 60, micros(59) + 1, 1],
    ['used up by a clock that is ahead', 60, micros(60.5), 1500],
    ['used up when the limit was ten times higher', 6, micros(60), 10_000],
    ['used up when the limit was ten times lower', 600, micros(60), 100],
  ])('%s, says how long to wait', (_, perMinute, fullAt, waitMs) => {
    expect(refusal(bucketOf(perMinute, sampleTime), fullAt).waitMs).toBe(waitMs);
  });
});

test('every answer says how far the caller has got, with the reset in whole seconds', () => {
  const rate = { limit: 300, remaining: 17, fullAt: sampleTime + 1 };

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
])('a wait of %i ms is answered as %s s', (waitMs, seconds) => {
  const rate = { limit: 60, remaining: 0, fullAt: sampleTime + 60_000 };

  const problem = tooManyRequests({ rate, waitMs });

  expect(problem).toMatchObject({
    ...{ code: 'rate_limit_exceeded', status: 429 },
    message: `This API key may send 60 request(s) a minute: send the next one in ${seconds} s.`,
    headers: {
      'retry-after': seconds,
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(sampleTime / 1000 + 60),
    },
  });
});
