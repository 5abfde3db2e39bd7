import { expect, test } from 'vitest';
import { lognormal, usual } from '../../../bench/durations.ts';
import { median } from '../../../bench/quantile.ts';
import { mean } from '../../../bench/statistics.ts';

test.each([40, 300])('%i durations have the median and the mean of the distribution', (count) => {
  const durations = lognormal(count);

  expect(median(durations)).toBeCloseTo(usual.median, -1);
  expect(mean(durations)).toBeCloseTo(usual.median * Math.exp(usual.sigma ** 2 / 2), 0);
});

test('they are the same every time, and not in order', () => {
  const durations = lognormal(40);

  expect(lognormal(40)).toEqual(durations);
  expect(durations.toSorted((one, other) => one - other)).not.toEqual(durations);
});
