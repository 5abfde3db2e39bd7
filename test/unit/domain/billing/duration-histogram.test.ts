import { describe, expect, test } from 'vitest';
import {
  addHistograms,
  bucketOf,
  type DurationHistogram,
  durationBuckets,
  percentile,
} from '../../../../functions/domain/billing/duration-histogram.ts';

const histogramOf = (durations: readonly number[]): DurationHistogram =>
  durations.reduce<DurationHistogram>(
    (sum, seconds) => addHistograms(sum, { [bucketOf(seconds)]: 1 }),
    {},
  );

describe('a histogram of durations', () => {
  test('knows each duration from a second to a day to 10 %', () => {
    for (let seconds = 1.01; seconds < 24 * 60 * 60; seconds *= 1.013) {
      const found = percentile(histogramOf([seconds]), 0.5) ?? 0;
      expect(Math.abs(found / seconds - 1), `${seconds}`).toBeLessThan(0.1);
    }
  });

  test.each([
    [0, 0],
    [-5, 0],
    [1, 0],
    [1e9, durationBuckets - 1],
    [Number.POSITIVE_INFINITY, durationBuckets - 1],
  ])('puts %d seconds into bucket %d, since there is none below or above', (seconds, bucket) => {
    expect(bucketOf(seconds)).toBe(bucket);
  });

  test('gives the duration that half of them, and 95 of a hundred, do not exceed', () => {
    const histogram = histogramOf(Array.from({ length: 100 }, (_, index) => index + 1));

    expect(Math.abs((percentile(histogram, 0.5) ?? 0) / 50 - 1)).toBeLessThan(0.1);
    expect(Math.abs((percentile(histogram, 0.95) ?? 0) / 95 - 1)).toBeLessThan(0.1);
  });

  test('of two halves is that of the whole, in any order', () => {
    const [some, others] = [
      [3, 3, 70],
      [9, 70, 5000],
    ] as const;

    expect(addHistograms(histogramOf(some), histogramOf(others))).toEqual(
      histogramOf([...others, ...some]),
    );
  });

  test('without durations has no percentile', () => {
    expect(percentile({}, 0.5)).toBeUndefined();
  });
});
