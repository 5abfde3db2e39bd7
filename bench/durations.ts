import { randomFrom } from '../local/painter/paint/random.ts';

/** What the bench's provider takes, in seconds. */
export const usual = { median: 30, sigma: 0.4 };

const drawsEach = 200;

/**
 * How long so many jobs take when their durations are lognormal: evenly spread over the distribution,
 * so that few of them tell as much as many, in an order that looks random and is always the same.
 */
export function lognormal(count: number): readonly number[] {
  const random = randomFrom(1);
  const draws = Array.from({ length: count * drawsEach }, () => normal(random)).sort(
    (one, other) => one - other,
  );
  return Array.from({ length: count }, (_, index) => draws[(index + 0.5) * drawsEach] ?? 0)
    .map((deviations) => ({
      seconds: usual.median * Math.exp(usual.sigma * deviations),
      place: random(),
    }))
    .sort((one, other) => one.place - other.place)
    .map(({ seconds }) => seconds);
}

// Box and Muller. The logarithm must not meet a zero.
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
