import { ttlCache } from '../model/cache.ts';
import type { ProviderName } from '../model/catalogue.ts';
import type { Pending, QueuePlace, TaskState } from '../model/task.ts';
import { costOf, flowOf } from './fair-order.ts';
import { type GrantDeps, grantSlots, submitHorizonMs, submitTerms } from './grant-slots.ts';
import type { Pool, Pools, Segment } from './pools.ts';
import type { Lease, SlotRow, WaitingKey } from './queue-store.ts';

export type SlotDeps = GrantDeps & Pools;

/** How long a slot is held at least: the deadline of a job and five minutes. After it the task is checked. */
export const leaseMs = 20 * 60 * 1000;
/** How many typical durations a slot is kept for a job that may be at the provider. */
const unknownDurations = 2;
/** How long a busy provider gets no submits if it does not say how long, in milliseconds. */
const busyPauseMs = 5000;
const maxBusyPauseMs = 5 * 60 * 1000;
/**
 * If providers were too busy for a task more often than this, the task is left to the reconciler, which tries once a minute:
 * each try takes a dozen of the 25,000 events that an execution may have.
 */
const maxQuickTries = 8;
/** How long a function uses one read of whether a provider without limits is open to new tasks, in milliseconds. */
const openTtlMs = 1000;

/** How many slots one call gives out: enough to fill what a deployment has added, without taking too long. */
const grantsOnRelease = 3;
const grantsOnEntry = 2;

/** A provider that may have the job of a task now. */
export type TakenSlot = {
  readonly provider: ProviderName;
  /** Which slot it is; absent at a provider without limits. */
  readonly slot?: string | undefined;
  /** The job is not submitted before this time. */
  readonly startAt: number;
};

/** The slots of the providers, and the queue in front of them. */
export type Slots = ReturnType<typeof providerSlots>;

export function providerSlots(deps: SlotDeps) {
  const { queue, now, uniqueId, pools } = deps;
  const grant = grantSlots(deps);
  const segmentOf = (slot: string): Segment => segmentNamed(pools, slot);
  const openRows = ttlCache<SlotRow>({ ttlMs: openTtlMs, maxEntries: 100, now });

  /**
   * Whether a new task may submit at a provider without limits: the provider was not busy just now, and no task waits for it.
   * Without this check new tasks would keep it busy, and waiting tasks would never get a turn.
   */
  async function isOpen({ segments }: Pool): Promise<boolean> {
    const rows = await Promise.all(
      segments.map((segment) => openRows.get(slotName(segment), () => queue.readSlots(segment))),
    );
    return rows.every(({ queued, pausedUntil }) => queued.size === 0 && pausedUntil <= now());
  }

  /** A provider without limits, when this task may submit there now. */
  async function openTo(task: Pending, pool: Pool): Promise<TakenSlot | undefined> {
    const mayTry = isBusyRetry(task, pool.provider) || (await isOpen(pool));
    return mayTry ? { provider: pool.provider, startAt: now() } : undefined;
  }

  /** The slot that a waiting task was given, with the rows of all slots that it waits for. */
  async function grantedSlot(task: Pending, names: readonly string[]) {
    const segments = segmentsOf(pools, names);
    const rows = await Promise.all(segments.map((segment) => queue.readSlots(segment)));
    const index = rows.findIndex(({ leases }) => leases.has(task.id));
    return { segments, rows, mine: segments[index] };
  }

  async function freeSlot(pool: Pool, taskId: string): Promise<TakenSlot | undefined> {
    for (const segment of inOrderFor(taskId, pool.segments)) {
      const taken = await acquire(segment, taskId);
      if (taken !== undefined) {
        return { provider: pool.provider, slot: slotName(segment), startAt: taken };
      }
    }
    return undefined;
  }

  /**
   * Takes a free slot of a segment, if no task waits for it. Returns when to submit. `seen` is the row as an earlier
   * write has found it.
   */
  async function acquire(
    segment: Segment,
    taskId: string,
    attemptsLeft = maxAcquireAttempts,
    seen?: SlotRow,
  ): Promise<number | undefined> {
    const at = now();
    const startAt = startOf(segment, seen, at);
    const lease: Lease = { until: startAt + leaseMs, since: at, held: true, startAt };
    const { done, row } = await queue.takeSlot(segment, taskId, lease, {
      slots: segment.slots,
      now: at,
      nobodyWaits: true,
      submit: seen ? submitTerms(segment, seen, at) : firstSubmit(segment, at),
    });
    // The slot was taken now, by an earlier attempt, or by this write, whose response was lost.
    if (done || row.leases.has(taskId)) return row.leases.get(taskId)?.startAt;
    // Without a free slot the task has to wait. The queue keeps the order, and reads the slots again.
    if (attemptsLeft === 1 || !isFree(segment, row, at)) return undefined;
    return acquire(segment, taskId, attemptsLeft - 1, row);
  }

  async function takeUpGranted(task: Pending, { pools: names }: QueuePlace) {
    const { mine } = await grantedSlot(task, names);
    return mine && takeUp(task, mine);
  }

  /** A waiting task takes up the slot that it was given, unless another task has it by now. */
  async function takeUp(task: Pending, segment: Segment): Promise<TakenSlot | undefined> {
    const { done, row } = await queue.holdSlot(segment, task.id, now() + leaseMs);
    const lease = row.leases.get(task.id);
    if (!done || !lease) return undefined;
    const { provider } = poolNamed(pools, segment.pool);
    return { provider, slot: slotName(segment), startAt: lease.startAt };
  }

  async function free(taskId: string, slot: string): Promise<void> {
    const segment = segmentOf(slot);
    const { row } = await queue.releaseSlot(segment, taskId);
    if (row.queued.size > 0) await grant(segment, grantsOnRelease);
  }

  return {
    /**
     * A slot for the job of a task: the one that it was given if it has waited, else the first free one at these providers. A
     * provider without limits has one unless other tasks wait for it; taking it costs no write.
     */
    async take(task: Pending, providers: readonly ProviderName[]): Promise<TakenSlot | undefined> {
      if (task.queue) return takeUpGranted(task, task.queue);
      for (const provider of providers) {
        const pool = deps.poolOf(provider, task.model);
        const taken = pool.isLimited ? await freeSlot(pool, task.id) : await openTo(task, pool);
        if (taken) return taken;
      }
      return undefined;
    },

    /** The names of the pools that can have the job of a task, in the order of the providers. */
    poolsFor: (model: string, providers: readonly ProviderName[]): readonly string[] =>
      providers.map((provider) => deps.poolOf(provider, model).name),

    /**
     * Puts a task into the queue, at the place given by the time since when it waits. Entering twice changes nothing. `true`:
     * the task does not wait, because it has a slot already, or because no provider has such slots any more.
     */
    async enter(task: Pending): Promise<boolean> {
      const place = placeOf(task);
      if (!place || !task.queue) return true;
      const { segments, rows, mine } = await grantedSlot(task, task.queue.pools);
      if (mine || segments.length === 0) return true;
      await queue.addWaiting({ ...place, cost: costOf(task.n, task.lane) });
      const virtualTime = Math.max(0, ...rows.map((row) => row.virtualTime));
      await queue.enterFlow(place, virtualTime, uniqueId());
      // The mark is written after the task, and the slots are read after the mark: a slot that was freed before is found
      // here, and a function that frees one later finds the mark.
      const mark = uniqueId();
      await Promise.all(segments.map((segment) => queue.markQueued(segment, place.queue, mark)));
      await Promise.all(segments.map((segment) => grant(segment, grantsOnEntry)));
      return false;
    },

    /**
     * How long a task in the queue has to wait for the pause of a provider, in milliseconds: only for the first task of its
     * flow, while no job is running whose end would give out slots. 0 for any other task, and for one that was tried often.
     */
    async idlePauseMs(task: Pending): Promise<number> {
      const place = placeOf(task);
      if (!place || !task.queue || (task.busyCount ?? 0) > maxQuickTries) return 0;
      const segments = segmentsOf(pools, task.queue.pools);
      const rows = await Promise.all(segments.map((segment) => queue.readSlots(segment)));
      if (rows.some(({ leases }) => leases.size > 0)) return 0;
      const [first] = await queue.firstWaiting(place, 1);
      if (first?.taskId !== task.id) return 0;
      return Math.max(0, Math.min(...rows.map(({ pausedUntil }) => pausedUntil)) - now());
    },

    /** Gives free slots to the tasks that wait for the same slots as this one. */
    async grantBeside({ queue: place }: Pending): Promise<void> {
      const segments = place ? segmentsOf(pools, place.pools) : [];
      for (const segment of segments) await grant(segment, grantsOnEntry);
    },

    /** The job of a task is at its provider: the task does not wait any more, and there may be slots for others. */
    async submitted(task: TaskState): Promise<void> {
      const place = placeOf(task);
      if (!place) return;
      await queue.removeWaiting(place);
      if (!task.slot) return;
      const segment = segmentOf(task.slot);
      // At a provider without limits, a slot is only for the submit. Otherwise no more jobs would run at once than it has
      // slots.
      if (isUnlimited(pools, segment)) await free(task.id, task.slot);
      else await grant(segment, grantsOnEntry);
    },

    /** A task stops waiting without a submit: removes its place, and frees the slot that it was given. */
    async leave(task: Pending): Promise<void> {
      const place = placeOf(task);
      if (!place || !task.queue) return;
      await queue.removeWaiting(place);
      const { mine } = await grantedSlot(task, task.queue.pools);
      if (mine) await free(task.id, slotName(mine));
    },

    /** Frees the slot of this task and gives it to the next one. Freeing twice changes nothing. */
    free,

    /**
     * The provider did not accept the job of a task: frees its slot for others. A task that has waited is at its old
     * place.
     */
    async giveBack(task: Pending, slot: string): Promise<void> {
      const place = placeOf(task);
      if (place) await queue.endClaim(place);
      await free(task.id, slot);
    },

    /** The job of a task is over: frees its slot, if it has one. */
    async release({ id, slot }: TaskState): Promise<void> {
      if (slot !== undefined) await free(id, slot);
    },

    /** It is unknown whether the provider has the job: its slot is kept for as long as the job may last. */
    async keep({ id, slot }: TaskState, typicalSeconds: number): Promise<void> {
      if (slot === undefined) return;
      const until = now() + unknownDurations * typicalSeconds * 1000;
      await queue.keepSlot(segmentOf(slot), id, until);
    },

    /** The provider was busy although it should have room: no slot is given for a while. A longer pause stays as it is. */
    async pause(provider: ProviderName, model: string, retryAfterSeconds = 0): Promise<void> {
      const pauseMs = Math.min(Math.max(retryAfterSeconds * 1000, busyPauseMs), maxBusyPauseMs);
      const { segments } = deps.poolOf(provider, model);
      await Promise.all(segments.map((segment) => queue.pause(segment, now() + pauseMs)));
    },
  };
}

/** How often a new task tries to take a slot while others take theirs. */
const maxAcquireAttempts = 6;

const hasRate = ({ submitIntervalMs }: Segment): boolean => submitIntervalMs !== undefined;

/** The first attempt has not read the row: it succeeds when no submit was reserved for later. */
const firstSubmit = ({ submitIntervalMs }: Segment, at: number) =>
  submitIntervalMs === undefined ? undefined : { next: at + submitIntervalMs };

const startOf = (segment: Segment, seen: SlotRow | undefined, at: number): number =>
  hasRate(segment) ? Math.max(at, seen?.nextSubmitAt ?? 0) : at;

const isFree = (segment: Segment, row: SlotRow, at: number): boolean =>
  row.queued.size === 0 &&
  row.leases.size < segment.slots &&
  row.pausedUntil <= at &&
  (!hasRate(segment) || row.nextSubmitAt <= at + submitHorizonMs);

/**
 * Whether the task has found this provider busy, and tries again within seconds. It does not have to queue behind later
 * tasks.
 */
const isBusyRetry = (task: Pending, provider: ProviderName): boolean =>
  task.provider === provider && (task.busyCount ?? 0) > 0;

const isUnlimited = (pools: readonly Pool[], segment: Segment): boolean =>
  pools.some(({ name, isLimited }) => name === segment.pool && !isLimited);

/** The name of a slot of this segment, as it is stored with a task. */
export const slotName = ({ pool, index }: Segment): string => `${pool}#${index}`;

/** The segment of a slot. It has no slots if the deployment has fewer segments by now. */
function segmentNamed(pools: readonly Pool[], slot: string): Segment {
  const at = slot.lastIndexOf('#');
  const [pool, index] = [slot.slice(0, at), Number(slot.slice(at + 1))];
  const known = pools.find(({ name }) => name === pool)?.segments[index];
  return known ?? { pool, index, slots: 0 };
}

function poolNamed(pools: readonly Pool[], name: string): Pool {
  const pool = pools.find((one) => one.name === name);
  if (!pool) throw new Error(`no provider has the slots ${name} any more`);
  return pool;
}

const segmentsOf = (pools: readonly Pool[], names: readonly string[]): readonly Segment[] =>
  pools.filter(({ name }) => names.includes(name)).flatMap(({ segments }) => segments);

/** The segments of a pool. The task decides with which one to begin. */
function inOrderFor(taskId: string, segments: readonly Segment[]): readonly Segment[] {
  const first = Number.parseInt(taskId.slice(-4), 36) % segments.length || 0;
  return [...segments.slice(first), ...segments.slice(0, first)];
}

/** Where a task waits; undefined for a task that does not wait. */
const placeOf = (task: TaskState): WaitingKey | undefined =>
  'queue' in task && task.queue
    ? {
        queue: task.queue.pools.join('+'),
        flow: flowOf(task.account, task.lane),
        since: task.queue.since,
        taskId: task.id,
      }
    : undefined;
