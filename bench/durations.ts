import { seededRandom } from '../local/providers/images/random.ts';

/** How long the provider of the benchmark takes, in seconds. */
export const providerSeconds = { median: 30, sigma: 0.4 };

const drawsPerDuration = 200;

/**
 * The durations of `count` jobs, lognormally distributed. They are quantiles of the distribution, so that
 * a few represent it well, in an order that looks random and is always the same.
 */
export function lognormal(count: number): readonly number[] {
  const random = seededRandom(1);
  const draws = Array.from({ length: count * drawsPerDuration }, () => normal(random)).sort(
    (one, other) => one - other,
  );
  return Array.from({ length: count }, (_, index) => draws[(index + 0.5) * drawsPerDuration] ?? 0)
    .map((deviations) => ({
      seconds: providerSeconds.median * Math.exp(providerSeconds.sigma * deviations),
      rank: random(),
    }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ seconds }) => seconds);
}

// Box-Muller transform. `1 - random()` is never zero, whose logarithm does not exist.
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
