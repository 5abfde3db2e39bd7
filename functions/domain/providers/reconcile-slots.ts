import { sandbox } from '../model/catalogue.ts';
import { type MetricUpdate, metricNames } from '../model/metric-names.ts';
import { isDeleted, isEnded, type TaskRecord } from '../model/task.ts';
import { grantSlots } from './grant-slots.ts';
import type { Pool, Segment } from './pools.ts';
import type { FlowSummary, Lease, SlotRow } from './queue-store.ts';
import { leaseMs, type SlotDeps, slotName } from './slots.ts';

export type ReconcileSlotsDeps = SlotDeps & {
  /** A slot was freed that its task should have freed, or never used. Not one that was kept, and whose time is over. */
  readonly reclaimed: (taskId: string, pool: string) => void;
};

/** A slot that is held for longer than this is checked: its task may have ended without freeing it. */
const checkAfterMs = 3 * 60 * 1000;
/** The clocks of two functions differ by less. */
const graceMs = 60 * 1000;
/** So many slots are handed out in one run for each segment: enough to fill one that a deployment has added. */
const maxGrants = 20;

/** How full the providers of live tasks are, and who waits for them. */
export type QueueState = {
  /** How many slots there are, of the pools that have a limit, and how many of them are taken. */
  readonly slots: number;
  readonly taken: number;
  readonly waiting: number;
  /** Since when the one waits who has waited longest. */
  readonly oldestSince?: number | undefined;
};

/**
 * Repairs the slots of all pools: frees those whose tasks have ended, lengthens the leases of those whose jobs are still
 * at their providers, and hands free slots to those who wait. A slot is never freed by time alone: its task says whether
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

/** What a run tells about the queue. Nothing when no provider has a limit and nobody waits: a metric costs money. */
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

/** Counts those who wait, and writes it down for those who ask where a task stands. */
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
      // Who waits in test mode is told where he stands, and nobody else counts him.
      return name === sandbox ? [] : flows.map(({ since }) => since);
    }),
  );
  const flows = found.flat();
  return { waiting: sum(flows.map(({ length }) => length)), oldestSince: oldestIn(flows) };
}

/** Since when the one waits that has waited longest, if anybody waits. */
function oldestIn(flows: readonly (readonly number[])[]): number | undefined {
  const oldest = Math.min(...flows.flatMap(([first]) => first ?? []));
  return Number.isFinite(oldest) ? oldest : undefined;
}

/** A flow is summarised from so many tasks on: those of a shorter one are read. */
const longFlow = 25;
/** A summary names so many flows, the longest, so that it is one small row. */
const maxSummarised = 40;
/** At so many steps a summary says since when the tasks wait. */
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

/** A segment that a deployment has added knows nobody who waits. */
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

// One that was not taken up goes by its own time, when slots are handed out.
const isDue = ({ held, until, since }: Lease, now: number): boolean =>
  held && (now >= until + graceMs || now >= since + checkAfterMs);

/** Whether a task does not need its slot: no job of it can be at the provider. */
function isOver(task: TaskRecord | undefined, slot: string, lease: Lease, now: number): boolean {
  const isPast = now >= lease.until + graceMs;
  if (lease.unknown) return isPast;
  if (!task || isDeleted(task) || isEnded(task) || task.outcome !== undefined) return true;
  // An attempt that crashed has taken this one, and the next attempt another one.
  if (task.submitLockedAt !== undefined) return task.slot !== slot;
  return isPast && task.status === 'pending';
}
