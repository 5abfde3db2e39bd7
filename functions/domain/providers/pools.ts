import type { Capacity, ProviderCapacity } from '../model/capacity.ts';
import {
  allProviderNames,
  type Model,
  models,
  nameAtProvider,
  type ProviderName,
  providersFor,
} from '../model/catalogue.ts';

/** The slots of one provider, or of one model there: a task that has one may have a job at the provider. */
export type Pool = {
  /** `dashscope/wan2.5-i2i-preview` or `fal` */
  readonly name: string;
  readonly provider: ProviderName;
  /** `false`: nothing limits it, and none of its jobs needs a slot. */
  readonly isLimited: boolean;
  readonly segments: readonly Segment[];
};

/**
 * A part of the slots of a pool. All leases of a segment are in one row, and every write costs the size of the whole row, so
 * a large pool is divided.
 */
export type Segment = {
  readonly pool: string;
  readonly index: number;
  /** How many of the slots may be taken. */
  readonly slots: number;
  /** The time between two submits, in milliseconds; absent: no limit. */
  readonly submitIntervalMs?: number | undefined;
};

/**
 * The most slots in one segment. A write of a row with 64 leases costs 4 write units; 64 jobs of half a minute each need
 * about 50 units a second, of the 1,000 that one row can take.
 */
const slotsInSegment = 64;

/** The pools of a deployment. */
export type Pools = {
  readonly poolOf: (provider: ProviderName, model: string) => Pool;
  /** The pools of all providers and models. */
  readonly pools: readonly Pool[];
};

export const poolsWith = (capacities: Readonly<Record<ProviderName, ProviderCapacity>>): Pools => ({
  poolOf: (provider, model) => poolOf(provider, model, capacities[provider]),
  pools: poolsOf(capacities),
});

/** The pools of every model at every provider that offers it, each of them once. */
export const poolsOf = (
  capacities: Readonly<Record<ProviderName, ProviderCapacity>>,
  catalogue: readonly Model[] = models,
): readonly Pool[] => [
  ...new Map(
    catalogue.flatMap(({ id }) =>
      providersFor(id, allProviderNames, catalogue).map((provider) => {
        const pool = poolOf(provider, id, capacities[provider]);
        return [pool.name, pool] as const;
      }),
    ),
  ).values(),
];

/** The pool of a model at a provider. */
export function poolOf(
  provider: ProviderName,
  model: string,
  { capacity, countedBy }: ProviderCapacity,
): Pool {
  const name =
    countedBy === 'model' ? `${provider}/${nameAtProvider(model, provider) ?? model}` : provider;
  return {
    name,
    provider,
    isLimited: capacity !== undefined,
    segments: segmentsOf(name, capacity ?? unlimited),
  };
}

/** At a provider without limits: the capacity for the tasks that wait because it was busy. */
const unlimited: Capacity = { running: slotsInSegment };

function segmentsOf(
  pool: string,
  { running, submitsPerSecond, ahead = 0 }: Capacity,
): readonly Segment[] {
  const slots = running + (running > 0 ? ahead : 0);
  const count = Math.max(1, Math.ceil(slots / slotsInSegment));
  return Array.from({ length: count }, (_, index) => ({
    pool,
    index,
    slots: Math.floor(slots / count) + (index < slots % count ? 1 : 0),
    submitIntervalMs: submitsPerSecond && Math.ceil((1000 * count) / submitsPerSecond),
  }));
}
