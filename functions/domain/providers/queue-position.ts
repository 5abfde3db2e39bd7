import { ttlCache } from '../model/cache.ts';
import type { ProviderCapacity } from '../model/capacity.ts';
import type { ProviderName } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import {
  type ExpectedWait,
  isQueued,
  maxQueueMs,
  type QueuedTask,
  type TaskState,
} from '../model/task.ts';
import { type Durations, measuredSecondsOf } from './durations.ts';
import { byTurn, costOf, flowOf } from './fair-order.ts';
import { type Pool, type Pools, poolsWith } from './pools.ts';
import type { Flow, FlowKey, FlowSummary, QueueStore, SlotRow, Waiting } from './queue-store.ts';

// The position of a task in the queue, without a scan: the next grants are simulated with the first tasks of each flow, and
// positions farther back are estimated. This only reads, and one read serves all requests of a few seconds.

/** The reads of the queue that a position needs. */
type QueueReader = Pick<QueueStore, 'readSlots' | 'flows' | 'firstWaiting' | 'readSummary'>;

type Deps = Pools & {
  readonly queue: QueueReader;
  readonly typicalSeconds: (model: string, provider: ProviderName) => Promise<number>;
  readonly now: Clock;
};

/** Where a task stands in the queue, and how many seconds it is expected to wait there from now on. */
export type QueueEstimate = ExpectedWait & {
  /** 1 is the next one. Exact up to 100; above that, rounded up to two digits. */
  readonly position: number;
};

/** The fields of a task that does not wait yet. */
type Newcomer = Pick<TaskState, 'id' | 'account' | 'lane' | 'model' | 'n'>;

/** How long a function uses what it has read of a queue, in milliseconds. */
const snapshotTtlMs = 3000;
/** Up to this position the order is exact. At most this many flows can have a task before it. */
const exactPositions = 100;
/** How many tasks of a flow are read: at first, for the exact order, and for the flow of the task itself. */
const pages = { first: 25, exact: 2 * exactPositions, own: 1000 };
/** No task waits longer, in seconds. */
const maxWaitSeconds = maxQueueMs / 1000;
/** An older summary than this, in milliseconds, is not used: the reconciler writes one a minute. */
const maxSummaryAgeMs = 5 * 60 * 1000;

type DeploymentDeps = Pick<Deps, 'queue' | 'now'> & {
  readonly durations: Pick<Durations, 'typicalSeconds'>;
  readonly capacities: Readonly<Record<ProviderName, ProviderCapacity>>;
  /** How long tasks take, as the operator has set it instead of what was measured. */
  readonly typicalSeconds: string | undefined;
};

/** The estimates of a deployment: with its pools, and with how long tasks take there. */
export const queueEstimatesOf = ({
  queue,
  durations,
  capacities,
  typicalSeconds,
  now,
}: DeploymentDeps) =>
  queueEstimates({
    ...poolsWith(capacities),
    queue,
    typicalSeconds: measuredSecondsOf(durations, typicalSeconds),
    now,
  });

/** Positions and waiting times of tasks. If the queue cannot be read there is no estimate, and no request fails. */
export function queueEstimates(deps: Deps) {
  const { now, poolOf } = deps;
  const snapshots = ttlCache<Snapshot>({ ttlMs: snapshotTtlMs, maxEntries: 100, now });
  const snapshotOf = (pools: readonly Pool[]): Promise<Snapshot> =>
    snapshots.get(queueName(pools), () => readSnapshot(deps, pools));

  const estimate = async (
    model: string,
    snapshot: Snapshot,
    position: number,
  ): Promise<QueueEstimate> => ({
    position,
    ...(await expectedWait(deps, model, snapshot, position)),
  });

  const estimates = {
    /** For a task that waits. */
    async ofQueued(task: QueuedTask): Promise<QueueEstimate | undefined> {
      const pools = deps.pools.filter(({ name }) => task.queue.pools.includes(name));
      if (pools.length === 0) return undefined;
      try {
        const snapshot = await snapshotOf(pools);
        const place = { ...placeIn(pools, task), since: task.queue.since };
        return await estimate(task.model, snapshot, await positionIn(snapshot, place));
      } catch {
        return undefined;
      }
    },

    /** For a task that would begin to wait now. Undefined when there is a free slot for it. */
    async ofNewcomer(
      task: Newcomer,
      providers: readonly ProviderName[],
    ): Promise<QueueEstimate | undefined> {
      const pools = providers.map((provider) => poolOf(provider, task.model));
      if (!pools.every(({ isLimited }) => isLimited)) return undefined;
      try {
        const snapshot = await snapshotOf(pools);
        if (snapshot.flows.length === 0 && hasFreeSlot(snapshot)) return undefined;
        const place = { ...placeIn(pools, task), since: now() };
        return await estimate(task.model, snapshot, await positionIn(snapshot, place));
      } catch {
        return undefined;
      }
    },

    /** For a new task, or for one whose create was repeated. */
    async ofCreated(
      task: TaskState,
      providers: readonly ProviderName[],
    ): Promise<QueueEstimate | undefined> {
      if (isQueued(task)) return estimates.ofQueued(task);
      return task.status === 'pending' ? estimates.ofNewcomer(task, providers) : undefined;
    },
  };
  return estimates;
}

const queueName = (pools: readonly Pool[]): string => pools.map(({ name }) => name).join('+');

type Place = FlowKey & { readonly taskId: string; readonly since: number };

const placeIn = (pools: readonly Pool[], { id, account, lane }: Newcomer) => ({
  queue: queueName(pools),
  flow: flowOf(account, lane),
  taskId: id,
});

/** The slots of some pools, and the tasks that wait for them. */
type Snapshot = {
  readonly pools: readonly Pool[];
  readonly slots: readonly { readonly size: number; readonly row: SlotRow }[];
  /** In the order of their turns. */
  readonly flows: readonly Flow[];
  /** The flows in which many tasks wait, as they were at most some minutes ago. */
  readonly summaries: ReadonlyMap<string, FlowSummary>;
  /** The first tasks of a flow, without those that are just getting a slot. */
  readonly waiting: (flow: FlowKey, limit: number) => Promise<Page>;
  /** The positions of the tasks that are next. */
  readonly order: ReadonlyMap<string, number>;
};

type Page = {
  readonly rows: readonly Waiting[];
  /** The tasks that are just getting a slot. */
  readonly served: ReadonlySet<string>;
  /** `false`: more tasks may wait behind these. */
  readonly isAll: boolean;
};

const keyOf = ({ queue, flow }: FlowKey): string => `${queue}#${flow}`;

async function readSnapshot(deps: Deps, pools: readonly Pool[]): Promise<Snapshot> {
  const { queue, now } = deps;
  const slots = await Promise.all(
    pools
      .flatMap(({ segments }) => segments)
      .map(async (segment) => ({
        size: segment.slots,
        row: await queue.readSlots(segment),
      })),
  );
  // All tasks that wait for one of these slots, in any queue.
  const names = [...new Set(slots.flatMap(({ row }) => [...row.queued.keys()]))];
  const [flows, summaries] = await Promise.all([
    Promise.all(names.map((name) => queue.flows(name))),
    Promise.all(names.map((name) => readFlowSummaries(deps, name))),
  ]);
  const cache = new Map<string, Promise<Page>>();
  const waiting = (flow: FlowKey, limit: number): Promise<Page> => {
    const key = `${keyOf(flow)}#${limit}`;
    const page = cache.get(key) ?? readPage(queue, flow, limit, now());
    cache.set(key, page);
    return page;
  };
  const ordered = byTurn(flows.flat());
  return {
    pools,
    slots,
    flows: ordered,
    summaries: new Map(summaries.flat()),
    waiting,
    order: await nextInOrder(ordered.slice(0, exactPositions), waiting),
  };
}

async function readFlowSummaries({ queue, now }: Deps, name: string) {
  const summary = await queue.readSummary(name);
  if (!summary || summary.takenAt + maxSummaryAgeMs < now()) return [];
  return summary.flows.map((one) => [keyOf({ queue: name, flow: one.flow }), one] as const);
}

async function readPage(
  queue: QueueReader,
  flow: FlowKey,
  limit: number,
  now: number,
): Promise<Page> {
  const rows = await queue.firstWaiting(flow, limit);
  const isServed = ({ claimedUntil = 0 }: Waiting) => claimedUntil > now;
  return {
    rows: rows.filter((row) => !isServed(row)),
    served: new Set(rows.filter(isServed).map(({ taskId }) => taskId)),
    isAll: rows.length < limit,
  };
}

type Turn = {
  readonly flow: Flow;
  page: Page;
  served: number;
  virtualTime: number;
  servedAt: number;
};

/** Simulates the next grants, as `grantSlots` will make them if no other task enters. */
async function nextInOrder(
  flows: readonly Flow[],
  waiting: Snapshot['waiting'],
): Promise<ReadonlyMap<string, number>> {
  const turns: Turn[] = await Promise.all(
    flows.map(async (flow) => ({
      flow,
      page: await waiting(flow, pages.first),
      served: 0,
      virtualTime: flow.virtualTime,
      servedAt: flow.servedAt,
    })),
  );
  const order = new Map<string, number>();
  while (order.size < exactPositions) {
    const next = await nextTurn(turns, waiting);
    const head = next?.page.rows[next.served];
    if (!next || !head) break;
    order.set(head.taskId, order.size + 1);
    next.served += 1;
    next.virtualTime += head.cost;
    next.servedAt = Number.MAX_SAFE_INTEGER - exactPositions + order.size; // later than all real ones
  }
  return order;
}

/** The flow that is next, of those in which a task waits. */
async function nextTurn(
  turns: readonly Turn[],
  waiting: Snapshot['waiting'],
): Promise<Turn | undefined> {
  for (const turn of turns) {
    if (turn.page.rows[turn.served] || turn.page.isAll) continue;
    turn.page = await waiting(turn.flow, pages.exact);
  }
  return turns
    .filter(({ page, served }) => page.rows[served] !== undefined)
    .toSorted((a, b) => a.virtualTime - b.virtualTime || a.servedAt - b.servedAt)[0];
}

async function positionIn(snapshot: Snapshot, place: Place): Promise<number> {
  const exact = snapshot.order.get(place.taskId);
  if (exact !== undefined) return exact;
  const own = snapshot.flows.find((flow) => keyOf(flow) === keyOf(place));
  const { served } = own ? await snapshot.waiting(own, pages.first) : { served: new Set() };
  if (served.has(place.taskId)) return 1;
  const virtualTime = Math.max(0, ...snapshot.slots.map(({ row }) => row.virtualTime));
  const flow = own ?? { ...place, virtualTime, servedAt: 0, mark: '' };
  const before = own ? await aheadInFlow(snapshot, own, place) : { count: 0, cost: 0 };
  const tag = Math.max(flow.virtualTime, own ? 0 : virtualTime) + before.cost;
  const others = await Promise.all(
    snapshot.flows
      .filter((other) => keyOf(other) !== keyOf(place) && other.virtualTime <= tag)
      .map((other, index) => countBefore(snapshot, other, tag, index < exactPositions)),
  );
  return roundUp(1 + before.count + others.reduce((sum, count) => sum + count, 0));
}

/** How many tasks of its own flow stand before a task, and what they cost together. */
async function aheadInFlow(snapshot: Snapshot, flow: Flow, place: Place) {
  const isBefore = (row: Waiting) =>
    row.since < place.since || (row.since === place.since && row.taskId < place.taskId);
  const page = await snapshot.waiting(flow, pages.own);
  const rows = page.rows.filter(isBefore);
  const count =
    page.isAll || rows.length < page.rows.length
      ? rows.length
      : Math.max(rows.length, summarisedBetween(snapshot, flow, page.rows, place.since));
  return { count, cost: Math.round(count * meanCostOf(page.rows)) };
}

/** How many tasks waited, at the last summary of the flow, between the first one that still waits and those of `since`. */
function summarisedBetween(
  { summaries }: Snapshot,
  flow: Flow,
  rows: readonly Waiting[],
  since: number,
): number {
  const summary = summaries.get(keyOf(flow));
  if (!summary) return 0;
  return rankIn(summary, since) - rankIn(summary, rows[0]?.since ?? 0);
}

/** How many tasks of a summarised flow came before this time. */
function rankIn({ count, since }: FlowSummary, time: number): number {
  const later = since.findIndex((one) => one >= time);
  if (later === 0) return 0;
  if (later === -1) return count;
  const [from = 0, to = 0] = [since[later - 1], since[later]];
  const share = (time - from) / Math.max(1, to - from);
  return Math.round(((later - 1 + share) / (since.length - 1)) * count);
}

/** How many tasks of another flow are served before one with this tag. */
async function countBefore(
  snapshot: Snapshot,
  flow: Flow,
  tag: number,
  isNear: boolean,
): Promise<number> {
  if (!isNear) return 1; // a task waits there, or the flow is deleted soon
  const { rows, isAll } = await snapshot.waiting(flow, pages.first);
  let virtualTime = flow.virtualTime;
  const served = rows.findIndex(({ cost }) => {
    const isLater = virtualTime > tag;
    virtualTime += cost;
    return isLater;
  });
  if (served !== -1) return served;
  if (isAll) return rows.length;
  const turns = Math.floor((tag - flow.virtualTime) / meanCostOf(rows)) + 1;
  const waiting = snapshot.summaries.get(keyOf(flow))?.count ?? rows.length;
  return Math.max(rows.length, Math.min(waiting, turns));
}

const meanCostOf = (rows: readonly Waiting[]): number =>
  rows.length === 0 ? costOf(1) : rows.reduce((sum, { cost }) => sum + cost, 0) / rows.length;

/** Exact up to 100; above that, rounded up to two significant digits. */
function roundUp(position: number): number {
  if (position <= exactPositions) return position;
  const step = 10 ** (Math.floor(Math.log10(position)) - 1);
  return Math.ceil(position / step) * step;
}

const hasFreeSlot = ({ slots }: Snapshot): boolean =>
  slots.some(({ size, row }) => row.leases.size < size);

/**
 * How long the task at this position waits. The jobs that begin in a second are the number of slots divided by the time for
 * which a job has its slot (Little's law), but not more than the submits that the provider accepts.
 */
async function expectedWait(
  { typicalSeconds, now }: Deps,
  model: string,
  { pools, slots: rows }: Snapshot,
  position: number,
): Promise<ExpectedWait> {
  const rates = await Promise.all(
    pools.map(async ({ provider, segments }) => {
      const jobSeconds = Math.max(1, await typicalSeconds(model, provider));
      const slots = segments.reduce((sum, one) => sum + one.slots, 0);
      const submits = segments.reduce(
        (sum, { submitIntervalMs = 0 }) => sum + 1000 / submitIntervalMs,
        0,
      );
      return { jobSeconds, slots, rate: Math.min(slots / jobSeconds, submits) };
    }),
  );
  const rate = rates.reduce((sum, one) => sum + one.rate, 0);
  const weights = rates.reduce((sum, one) => sum + one.slots, 0);
  const jobSeconds =
    weights > 0
      ? rates.reduce((sum, one) => sum + one.slots * one.jobSeconds, 0) / weights
      : Math.min(...rates.map((one) => one.jobSeconds));
  const pauseSeconds = Math.max(
    0,
    Math.min(...rows.map(({ row }) => (row.pausedUntil - now()) / 1000)),
  );
  const waitSeconds = rate > 0 ? position / rate + pauseSeconds : maxWaitSeconds;
  return {
    waitSeconds: Math.ceil(Math.min(waitSeconds, maxWaitSeconds)),
    jobSeconds: Math.round(jobSeconds),
  };
}
