import * as z from 'zod';

// `null` is no limit: JSON has no infinity.
const Limit = z.int().min(0).nullable();
const Capacity = z.strictObject({
  /** How many jobs are generated at once; the others wait at the provider. */
  running: Limit,
  /** How many jobs may wait at the provider; a submit beyond them is a 429. */
  queued: Limit,
  submitsPerSecond: Limit,
  /** Queries, results and cancellations together. */
  queriesPerSecond: Limit,
});
export type Capacity = z.infer<typeof Capacity>;

const unlimited: Capacity = {
  running: null,
  queued: null,
  submitsPerSecond: null,
  queriesPerSecond: null,
};

/** Limits that a vendor documents. */
const presets = {
  unlimited,
  /** Every account at DashScope, for wan2.5-i2i-preview. It queues what is above `running`. */
  'dashscope-default': { running: 5, queued: null, submitsPerSecond: 5, queriesPerSecond: 20 },
  /** An account at fal before its first larger purchase. fal limits only what runs. */
  'fal-new-account': { ...unlimited, running: 2 },
} satisfies Readonly<Record<string, Capacity>>;

const OneChange = z.union([
  z.enum(['unlimited', 'dashscope-default', 'fal-new-account']),
  Capacity.partial(),
]);

/** The name of a preset or the limits that change, at one provider. */
type OneChange = z.infer<typeof OneChange>;

/** The same by provider, of these providers. */
export const capacityChange = (providers: readonly string[]) =>
  z.strictObject(Object.fromEntries(providers.map((name) => [name, OneChange.optional()])));
export type CapacityChange = Readonly<Record<string, OneChange | undefined>>;

/** What happened at one provider since the last reset, in the provider's own time. */
export type Usage = {
  readonly elapsedMs: number;
  /** The running jobs, summed over the time: two jobs for a second are 2,000. */
  readonly busyMs: number;
  readonly running: number;
  readonly peakRunning: number;
  readonly queued: number;
  readonly peakQueued: number;
  readonly submits: number;
  readonly queries: number;
  /** Submits and queries that got a 429. */
  readonly throttledSubmits: number;
  readonly throttledQueries: number;
};

export type RequestKind = 'submits' | 'queries';

type Clock = {
  readonly now: () => number;
  /** How much faster the provider's time runs than the clock. */
  readonly speed: number;
};

export type ProviderLoad = ReturnType<typeof providerLoad>;

/** The limits of one provider, and the measure of how busy it is. */
export function providerLoad({ now, speed }: Clock, initial: OneChange = {}) {
  let capacity = merged(unlimited, initial);
  const rates = { submits: rateLimit(1000 / speed), queries: rateLimit(1000 / speed) };
  const counts = { submits: 0, queries: 0 };
  const throttled = { submits: 0, queries: 0 };
  let level = { running: 0, queued: 0 };
  let peak = level;
  let resetAt = now();
  let levelSince = resetAt;
  let busy = 0;

  const integrate = (at: number): void => {
    busy += level.running * Math.max(0, at - levelSince);
    levelSince = Math.max(levelSince, at);
  };

  return {
    capacity: (): Capacity => capacity,
    change(change: OneChange = {}): void {
      capacity = merged(capacity, change);
    },
    restore(): void {
      capacity = merged(unlimited, initial);
    },
    hasRoom: (): boolean => isBelow(level.running, capacity.running),
    /** Whether one more job can come: there is room to run, or to wait among at most `maxQueued`. */
    accepts: (maxQueued = Infinity): boolean =>
      isBelow(level.running, capacity.running) ||
      isBelow(level.queued, Math.min(capacity.queued ?? Infinity, maxQueued)),
    /** Counts a request; returns whether it is within the limit per second. */
    admit(kind: RequestKind): boolean {
      const limit = capacity[kind === 'submits' ? 'submitsPerSecond' : 'queriesPerSecond'];
      counts[kind] += 1;
      const isAdmitted = rates[kind].admit(now(), limit);
      if (!isAdmitted) throttled[kind] += 1;
      return isAdmitted;
    },
    countThrottled(kind: RequestKind): void {
      throttled[kind] += 1;
    },
    /** How many jobs run and wait from this time on. */
    setLevel(running: number, queued: number, at: number): void {
      integrate(at);
      level = { running, queued };
      peak = {
        running: Math.max(peak.running, running),
        queued: Math.max(peak.queued, queued),
      };
    },
    usage(): Usage {
      integrate(now());
      return {
        elapsedMs: Math.round((now() - resetAt) * speed),
        busyMs: Math.round(busy * speed),
        running: level.running,
        peakRunning: peak.running,
        queued: level.queued,
        peakQueued: peak.queued,
        submits: counts.submits,
        queries: counts.queries,
        throttledSubmits: throttled.submits,
        throttledQueries: throttled.queries,
      };
    },
    resetUsage(): void {
      resetAt = now();
      levelSince = resetAt;
      busy = 0;
      peak = level;
      for (const count of [counts, throttled]) Object.assign(count, { submits: 0, queries: 0 });
    },
  };
}

const isBelow = (count: number, limit: number | null): boolean => limit === null || count < limit;

function merged(capacity: Capacity, change: OneChange): Capacity {
  if (typeof change === 'string') return presets[change];
  return {
    running: change.running === undefined ? capacity.running : change.running,
    queued: change.queued === undefined ? capacity.queued : change.queued,
    submitsPerSecond:
      change.submitsPerSecond === undefined ? capacity.submitsPerSecond : change.submitsPerSecond,
    queriesPerSecond:
      change.queriesPerSecond === undefined ? capacity.queriesPerSecond : change.queriesPerSecond,
  };
}

/** At most `limit` requests in any window of this length. A rejected request does not count. */
function rateLimit(windowMs: number) {
  const admitted: number[] = [];
  return {
    admit(at: number, limit: number | null): boolean {
      while (admitted[0] !== undefined && admitted[0] <= at - windowMs) admitted.shift();
      if (limit === null) return true;
      if (admitted.length >= limit) return false;
      admitted.push(at);
      return true;
    },
  };
}
