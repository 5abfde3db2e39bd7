/**
 * How many durations fall into each bucket, by the number of the bucket. Histograms of any tasks can be added, which
 * percentiles cannot. Empty buckets are left out.
 */
export type DurationHistogram = Readonly<Record<number, number>>;

/** Four buckets for each doubling: each ends 19 % above the one before. */
const bucketsPerDoubling = 4;
/** The last bucket has all that took more than a day. */
const lastBucket = Math.ceil(Math.log2(24 * 60 * 60) * bucketsPerDoubling) + 1;
/** How many buckets there are. The first one has all that took up to a second. */
export const durationBuckets = lastBucket + 1;

/** The bucket of a duration in seconds. */
export const bucketOf = (seconds: number): number =>
  seconds <= 1
    ? 0
    : Math.min(lastBucket, Math.ceil(Math.log2(seconds) * bucketsPerDoubling - 1e-9));

/** All durations of several histograms in one. */
export function addHistograms(one: DurationHistogram, other: DurationHistogram): DurationHistogram {
  const sum: Record<number, number> = { ...one };
  for (const [bucket, count] of Object.entries(other)) {
    sum[Number(bucket)] = (sum[Number(bucket)] ?? 0) + count;
  }
  return sum;
}

/**
 * The duration in seconds that this share of all does not exceed, or undefined when there is none. It is the middle of
 * its bucket, so it is at most 10 % from the true one; up to a second it is 0.9.
 */
export function percentile(histogram: DurationHistogram, share: number): number | undefined {
  const buckets = Object.entries(histogram)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return undefined;
  let left = Math.ceil(total * share);
  for (const [bucket, count] of buckets) {
    left -= count;
    if (left <= 0) return middleOf(bucket);
  }
  return undefined;
}

const middleOf = (bucket: number): number => 2 ** ((bucket - 0.5) / bucketsPerDoubling);
