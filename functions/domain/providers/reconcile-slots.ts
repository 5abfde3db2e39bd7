import { sandbox } from '../model/catalogue.ts';
import { type MetricUpdate, metricNames } from '../model/metric-names.ts';
import { isDeleted, isEnded, type TaskRecord } from '../model/task.ts';
import { grantSlots } from './grant-slots.ts';
import type { Pool, Segment } from './pools.ts';
import type { FlowSummary, Lease, SlotRow } from './queue-store.ts';
import { leaseMs, type SlotDeps, slotName } from './slots.ts';

export type ReconcileSlotsDeps = SlotDeps & {
  /** A slot was freed that its task should have freed, or never used. Not called for a kept slot whose lease has ended. */
  readonly reclaimed: (taskId: string, pool: string) => void;
};

/** A slot that is held for longer than this is checked: its task may have ended without freeing it. */
const checkAfterMs = 3 * 60 * 1000;
/** The clocks of two functions differ by less. */
const graceMs = 60 * 1000;
/** How many slots one run gives out in each segment: enough to fill one that a deployment has added. */
const maxGrants = 20;

/** How full the providers of live tasks are, and how many tasks wait for them. */
export type QueueState = {
  /** How many slots there are, of the pools that have a limit, and how many of them are taken. */
  readonly slots: number;
  readonly taken: number;
  readonly waiting: number;
  /** Since when the longest waiting task waits. */
  readonly oldestSince?: number | undefined;
};

/**
 * Repairs the slots of all pools: frees those whose tasks have ended, lengthens the leases of those whose jobs are still
 * at their providers, and gives free slots to the tasks that wait. A slot is never freed by time alone: its task says whether
 * the provider may have the job.
 */
export const reconcileSlots = (deps: ReconcileSlotsDeps) => async (): Promise<QueueState> => {
  const pools = await Promise.all(deps.pools.map((pool) => reconcilePool(deps, pool)));
  const limited = pools.filter(({ pool }) => pool.isLimited && pool.provider !== sandbox);
  const queues = new Set(pools.flatMap(({ queues: names }) => [...names]));
  return {
    slots: sum(limited.flatMap(({ pool }) => pool.segments.map(({ slots }) => slots))),
    taken: sum(limited.map(({ taken }) => taken)),
    ...(await waitingIn(deps, [...queues])),
  };
};

/** The metrics about the queue. None when no provider has a limit and no task waits, because a metric costs money. */
export function queueMetrics(
  { slots, taken, waiting, oldestSince }: QueueState,
  now: number,
): MetricUpdate {
  if (slots === 0 && waiting === 0) return { numbers: [] };
  const oldestSeconds = oldestSince === undefined ? 0 : (now - oldestSince) / 1000;
  return {
    numbers: [
      [metricNames.queuedTasks, 'Count', waiting],
      [metricNames.oldestQueuedSeconds, 'Seconds', oldestSeconds],
      [metricNames.slotsTaken, 'Count', taken],
      [metricNames.slotsTotal, 'Count', slots],
    ],
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Counts the waiting tasks, and writes the summaries from which positions are estimated. */
async function waitingIn({ queue, now }: ReconcileSlotsDeps, names: readonly string[]) {
  const found = await Promise.all(
    names.map(async (name) => {
      const flows = await Promise.all(
        (await queue.flows(name)).map(async (flow) => ({
          flow: flow.flow,
          since: await queue.allWaitingSince(flow),
        })),
      );
      const waiting = sum(flows.map(({ since }) => since.length));
      const oldestSince = oldestIn(flows.map(({ since }) => since));
      await queue.writeSummary(name, {
        takenAt: now(),
        flows: summaryOf(flows),
        waiting,
        oldestSince,
      });
      // Test tasks have a position too, but the metrics do not count them.
      return name === sandbox ? [] : flows.map(({ since }) => since);
    }),
  );
  const flows = found.flat();
  return { waiting: sum(flows.map(({ length }) => length)), oldestSince: oldestIn(flows) };
}

/** Since when the longest waiting task waits, if any task waits. */
function oldestIn(flows: readonly (readonly number[])[]): number | undefined {
  const oldest = Math.min(...flows.flatMap(([first]) => first ?? []));
  return Number.isFinite(oldest) ? oldest : undefined;
}

/** A flow with at least this many tasks is summarised; the tasks of a shorter one are read. */
const longFlow = 25;
/** How many flows, the longest ones, a summary has at most, so that it is one small row. */
const maxSummarised = 40;
/** In how many steps a summary says since when the tasks wait. */
const summarySteps = 16;

const summaryOf = (
  flows: readonly { readonly flow: string; readonly since: readonly number[] }[],
): readonly FlowSummary[] =>
  flows
    .filter(({ since }) => since.length >= longFlow)
    .toSorted((a, b) => b.since.length - a.since.length)
    .slice(0, maxSummarised)
    .map(({ flow, since }) => ({
      flow,
      count: since.length,
      since: Array.from(
        { length: summarySteps + 1 },
        (_, step) => since[Math.round(((since.length - 1) * step) / summarySteps)] ?? 0,
      ),
    }));

async function reconcilePool(deps: ReconcileSlotsDeps, pool: Pool) {
  const rows = await Promise.all(
    pool.segments.map(async (segment) => {
      const row = await deps.queue.readSlots(segment);
      for (const [taskId, lease] of row.leases) await repair(deps, segment, taskId, lease);
      return row;
    }),
  );
  const queues = new Set(rows.flatMap(({ queued }) => [...queued.keys()]));
  await markEverywhere(deps, pool, rows, queues);
  for (const segment of pool.segments) await grantSlots(deps)(segment, maxGrants);
  return { pool, queues, taken: sum(rows.map(({ leases }) => leases.size)) };
}

/** Marks every queue in every segment: one that a deployment has added has no marks yet. */
async function markEverywhere(
  { queue, uniqueId }: ReconcileSlotsDeps,
  { segments }: Pool,
  rows: readonly SlotRow[],
  queues: ReadonlySet<string>,
): Promise<void> {
  for (const [index, segment] of segments.entries()) {
    for (const name of queues) {
      if (!rows[index]?.queued.has(name)) await queue.markQueued(segment, name, uniqueId());
    }
  }
}

async function repair(
  deps: ReconcileSlotsDeps,
  segment: Segment,
  taskId: string,
  lease: Lease,
): Promise<void> {
  if (!isDue(lease, deps.now())) return;
  const task = await deps.tasks.findRecord(taskId);
  if (isOver(task, slotName(segment), lease, deps.now())) {
    const { done } = await deps.queue.reclaimSlot(segment, taskId, lease);
    if (done && !lease.unknown) deps.reclaimed(taskId, segment.pool);
  } else if (!lease.unknown && lease.until <= deps.now()) {
    await deps.queue.holdSlot(segment, taskId, deps.now() + leaseMs);
  }
}

// A slot that was not taken up is freed when slots are given out (`grantSlots`).
const isDue = ({ held, until, since }: Lease, now: number): boolean =>
  held && (now >= until + graceMs || now >= since + checkAfterMs);

/** Whether a task does not need its slot: no job of it can be at the provider. */
function isOver(task: TaskRecord | undefined, slot: string, lease: Lease, now: number): boolean {
  const isPast = now >= lease.until + graceMs;
  if (lease.unknown) return isPast;
  if (!task || isDeleted(task) || isEnded(task) || task.outcome !== undefined) return true;
  // An attempt that crashed may have taken this slot, and the next attempt another one.
  if (task.submitLockedAt !== undefined) return task.slot !== slot;
  return isPast && task.status === 'pending';
}
