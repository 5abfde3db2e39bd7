import type { Capacity, ProviderCapacity } from '../model/capacity.ts';
import {
  type LiveProviderName,
  models,
  type ProviderName,
  providerNames,
} from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { type Pool, poolsOf } from './pools.ts';
import { type QueueStore, reconcilerRun, type SlotRow } from './queue-store.ts';
import type { Rejections } from './rejections.ts';

type Deps = {
  /** The providers that are offered, in the order in which they are tried. */
  readonly order: readonly LiveProviderName[];
  readonly capacities: Readonly<Record<ProviderName, ProviderCapacity>>;
  readonly withKey: () => Promise<ReadonlySet<string>>;
  readonly typicalSeconds: (model: string, provider: ProviderName) => Promise<number>;
  readonly rejections: Pick<Rejections, 'recent'>;
  readonly queue: Pick<QueueStore, 'readSlots' | 'flows' | 'firstWaiting' | 'readSummary'>;
  readonly now: Clock;
};

/** The reconciler counts the waiting tasks once a minute. An older count than this, in milliseconds, is not used. */
const maxSummaryAgeMs = 2 * 60 * 1000;
/** If there is no count: how many flows, and how many tasks of each, are counted here. */
const counted = { flows: 100, tasks: 100 };

/**
 * The providers in their order, then those that are not offered. For each one: whether there is a key (never the key itself),
 * how many jobs it accepts and has, how many tasks wait for it, how long a job takes, and what it has rejected lately.
 * `reconciledAt`: when the reconciler last ran, in unix seconds.
 */
export const listProviders = (deps: Deps) => async () => {
  const withKey = await deps.withKey();
  const pools = poolsOf(deps.capacities);
  const others = providerNames.filter((name) => !deps.order.includes(name));
  const providers = await Promise.all(
    [...deps.order, ...others].map((provider) =>
      viewOf(deps, provider, {
        hasKey: withKey.has(provider),
        pools: pools.filter((pool) => pool.provider === provider),
      }),
    ),
  );
  const run = await deps.queue.readSummary(reconcilerRun);
  return { providers, reconciledAt: run ? Math.floor(run.takenAt / 1000) : null };
};

type Known = { readonly hasKey: boolean; readonly pools: readonly Pool[] };

async function viewOf(deps: Deps, provider: LiveProviderName, { hasKey, pools }: Known) {
  const place = deps.order.indexOf(provider);
  const [rejections, seconds, slots] = await Promise.all([
    deps.rejections.recent(provider),
    typicalSecondsAt(deps, provider),
    Promise.all(pools.map((pool) => poolView(deps, pool))),
  ]);
  return {
    object: 'provider' as const,
    id: provider,
    position: place === -1 ? null : place + 1,
    has_key: hasKey,
    capacity: capacityView(deps.capacities[provider].capacity),
    models: seconds,
    slots,
    rejections: [...rejections],
  };
}

const capacityView = (capacity: Capacity | undefined) =>
  capacity
    ? {
        running: capacity.running,
        submits_per_second: capacity.submitsPerSecond ?? null,
        ahead: capacity.ahead ?? 0,
      }
    : null;

const typicalSecondsAt = ({ typicalSeconds }: Deps, provider: LiveProviderName) =>
  Promise.all(
    models
      .filter(({ providers }) => providers[provider] !== undefined)
      .map(async ({ id }) => ({
        id,
        typical_seconds: await typicalSeconds(id, provider),
      })),
  );

async function poolView(deps: Deps, { name, isLimited, segments }: Pool) {
  const rows = await Promise.all(segments.map((segment) => deps.queue.readSlots(segment)));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  const pausedUntil = Math.min(...rows.map((row) => row.pausedUntil));
  return {
    name,
    total: isLimited ? sum(segments.map(({ slots }) => slots)) : null,
    taken: sum(rows.map(({ leases }) => leases.size)),
    ...(await waitingFor(deps, rows)),
    paused_until: pausedUntil > deps.now() ? Math.ceil(pausedUntil / 1000) : null,
  };
}

/** How many tasks wait for these slots, by the last count, and since when the first one waits. */
async function waitingFor(deps: Deps, rows: readonly SlotRow[]) {
  const queues = new Set(rows.flatMap(({ queued }) => [...queued.keys()]));
  const found = await Promise.all([...queues].map((queue) => countIn(deps, queue)));
  const oldest = Math.min(...found.flatMap(({ oldestSince }) => oldestSince ?? []));
  return {
    waiting: found.reduce((total, { count }) => total + count, 0),
    oldest_waiting_since: Number.isFinite(oldest) ? Math.floor(oldest / 1000) : null,
  };
}

type Count = { readonly count: number; readonly oldestSince?: number | undefined };

async function countIn({ queue, now }: Deps, name: string): Promise<Count> {
  const summary = await queue.readSummary(name);
  if (summary?.waiting !== undefined && summary.takenAt + maxSummaryAgeMs >= now()) {
    return { count: summary.waiting, oldestSince: summary.oldestSince };
  }
  // The queue has just begun, so it is short.
  const flows = (await queue.flows(name)).slice(0, counted.flows);
  const pages = await Promise.all(flows.map((flow) => queue.firstWaiting(flow, counted.tasks)));
  const waiting = pages.flat();
  return {
    count: waiting.length,
    ...(waiting.length > 0 && { oldestSince: Math.min(...waiting.map(({ since }) => since)) }),
  };
}
