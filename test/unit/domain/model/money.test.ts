import { expect, test } from 'vitest';
import { toCredits, toMilliCredits } from '../../../../functions/domain/model/money.ts';

test.each([
  [0, 0],
  [1, 0.001],
  [1200, 1.2],
  [3600, 3.6],
  [1783, 1.783],
  [123_456_789_123, 123_456_789.123],
  [999_999_999_999, 999_999_999.999],
  [1_000_000_000_000, 1_000_000_000],
  [-1200, -1.2],
])('%i milli-credits are %d credits, there and back', (milliCredits, credits) => {
  expect(toCredits(milliCredits)).toBe(credits);
  expect(toMilliCredits(credits)).toBe(milliCredits);
});

test.each([0.1 + 0.2, 1.1 * 3, Array.from({ length: 100 }).reduce<number>((sum) => sum + 0.1, 0)])(
  '%d is off by a rounding error only, and is accepted',
  (credits) => {
    expect(toMilliCredits(credits)).toBe(Math.round(credits * 1000));
  },
);

test.each([0.0001, -0.0001, 1e-10, 1.2345, 1000.0001, Number.NaN, Number.POSITIVE_INFINITY, 1e15])(
  '%d credits is not a whole number of milli-credits',
  (credits) => {
    expect(() => toMilliCredits(credits)).toThrow(RangeError);
  },
);
