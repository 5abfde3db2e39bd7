import { expect, test } from 'vitest';
import { lognormal, providerSeconds } from '../../../bench/durations.ts';
import { mean, median } from '../../../bench/statistics.ts';

test.each([40, 300])('%i durations have the median and the mean of the distribution', (count) => {
  const durations = lognormal(count);

  expect(median(durations)).toBeCloseTo(providerSeconds.median, -1);
  expect(mean(durations)).toBeCloseTo(
    providerSeconds.median * Math.exp(providerSeconds.sigma ** 2 / 2),
    0,
  );
});

test('the durations are the same in every run, and not sorted', () => {
  const durations = lognormal(40);

  expect(lognormal(40)).toEqual(durations);
  expect(durations.toSorted((one, other) => one - other)).not.toEqual(durations);
});
