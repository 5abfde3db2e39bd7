import type { Clock } from '../model/clock.ts';
import { isDeleted, isQueued, type QueuePlace, type TaskRecord } from '../model/task.ts';
import { byTurn } from './fair-order.ts';
import type { Segment } from './pools.ts';
import type { Flow, Lease, QueueStore, SlotRow, SlotTerms, Waiting } from './queue-store.ts';

export type GrantDeps = {
  readonly queue: QueueStore;
  readonly tasks: QueuedTasks;
  /** Ends the wait of a task. It is only a hint: a slot that its task does not take up goes to the next task. */
  readonly wake: (token: string) => Promise<void>;
  readonly now: Clock;
  /** Makes a text that is unique. */
  readonly uniqueId: () => string;
  /** A slot was not taken up in time: its task was not woken, or its workflow is dead. */
  readonly grantExpired: (taskId: string, pool: string) => void;
};

/** What the queue reads and writes about tasks. */
type QueuedTasks = {
  findRecord(id: string): Promise<TaskRecord | undefined>;
  /** The task waits in this queue; the reconciler checks it at `nextCheckAt`. Only for a task that no attempt submits. */
  recordQueued(id: string, queue: QueuePlace, nextCheckAt: number): Promise<unknown>;
};

/** How long a waiting task has to take up its slot, in milliseconds. */
const grantMs = 30 * 1000;
/** How long before its submit a task may get its slot, in milliseconds: a function waits for that time. */
export const submitHorizonMs = 3000;
/** How many waiting tasks of a flow are read: other functions may have claimed the first ones. */
const headSize = 25;
/** How often a grant is retried because another function was faster, or a row was left over. */
const maxAttempts = 60;

/**
 * Gives free slots of a segment to the tasks that wait for them, `max` at most, and wakes those tasks. Slots are assigned,
 * and tasks do not compete for them: a task that is woken has its slot. Every function calls this after it has freed a
 * slot, put a task into the queue, or submitted one. Returns how many slots were given.
 */
export const grantSlots =
  (deps: GrantDeps) =>
  async (segment: Segment, max: number): Promise<number> => {
    let granted = 0;
    let attempts = 0;
    let result: Result = 'retry';
    while (result !== 'none' && granted < max && attempts < maxAttempts) {
      result = await grantOnce(deps, segment);
      granted += result === 'granted' ? 1 : 0;
      attempts += 1;
    }
    return granted;
  };

/** `none`: no slot is free, or no task waits. `retry`: another function was faster, or a row was left over. */
type Result = 'granted' | 'none' | 'retry';

async function grantOnce(deps: GrantDeps, segment: Segment): Promise<Result> {
  const row = await expireGrants(deps, segment, await deps.queue.readSlots(segment));
  return hasSlotFor(segment, row, deps.now()) ? grantNext(deps, segment, row) : 'none';
}

/** Frees the slots that were not taken up in time. Their tasks still wait, at their old places. */
async function expireGrants(deps: GrantDeps, segment: Segment, seen: SlotRow): Promise<SlotRow> {
  let row = seen;
  for (const [taskId, lease] of seen.leases) {
    if (lease.held || lease.until > deps.now()) continue;
    const freed = await deps.queue.reclaimSlot(segment, taskId, lease);
    row = freed.row;
    if (freed.done) await recordMissed(deps, segment, taskId);
  }
  return row;
}

/** Has the reconciler check a task that did not take up its slot. It waits at its old place. */
async function recordMissed(deps: GrantDeps, { pool }: Segment, taskId: string): Promise<void> {
  deps.grantExpired(taskId, pool);
  const task = await deps.tasks.findRecord(taskId);
  if (!task || isDeleted(task) || !isQueued(task)) return;
  const missedAt = deps.now();
  await deps.tasks.recordQueued(taskId, { ...task.queue, missedAt }, missedAt);
}

const hasSlotFor = (segment: Segment, row: SlotRow, now: number): boolean =>
  row.queued.size > 0 &&
  row.leases.size < segment.slots &&
  row.pausedUntil <= now &&
  (segment.submitIntervalMs === undefined || row.nextSubmitAt <= now + submitHorizonMs);

async function grantNext(deps: GrantDeps, segment: Segment, row: SlotRow): Promise<Result> {
  const flows = await flowsWaitingFor(deps, segment, row);
  let hasForgotten = false;
  for (const flow of byTurn(flows)) {
    const waiting = await deps.queue.firstWaiting(flow, headSize);
    const head = waiting.find(({ claimedUntil = 0 }) => claimedUntil <= deps.now());
    if (head) return handOver(deps, segment, { row, flow, head });
    if (waiting.length > 0) continue; // all of them are being served
    await deps.queue.forgetFlow(flow);
    hasForgotten = true;
  }
  return hasForgotten ? 'retry' : 'none';
}

/** All flows of the queues of this segment. A queue without flows loses its mark. */
async function flowsWaitingFor(
  { queue }: GrantDeps,
  segment: Segment,
  { queued }: SlotRow,
): Promise<readonly Flow[]> {
  const found = await Promise.all(
    [...queued].map(async ([name, mark]) => {
      const flows = await queue.flows(name);
      // The mark stays if a task has entered since: the mark was read before the flows.
      if (flows.length === 0) await queue.clearQueued(segment, name, mark);
      return flows;
    }),
  );
  return found.flat();
}

type Candidate = { readonly row: SlotRow; readonly flow: Flow; readonly head: Waiting };

async function handOver(
  deps: GrantDeps,
  segment: Segment,
  { row, flow, head }: Candidate,
): Promise<Result> {
  const { queue, now, uniqueId } = deps;
  const owner = uniqueId();
  if (!(await queue.takeTurn(flow, flow.virtualTime + head.cost, now()))) return 'retry';
  const claim = { owner, now: now(), until: now() + grantMs };
  if (!(await queue.claim(head, claim))) return 'retry';
  const task = await deps.tasks.findRecord(head.taskId);
  if (!task || isDeleted(task) || !isQueued(task)) {
    // The task was cancelled, or is about to be submitted: its flow is not charged for it.
    await Promise.all([queue.removeWaiting(head), queue.returnTurn(flow, head.cost)]);
    await wakeCancelled(deps, task);
    return 'retry';
  }
  const lease = leaseFor(segment, row, now());
  const terms = termsFor(segment, row, { now: now(), tag: flow.virtualTime });
  const taken = await queue.takeSlot(segment, head.taskId, lease, terms);
  if (taken.done || taken.row.leases.has(head.taskId)) {
    if (task.wakeToken) await deps.wake(task.wakeToken);
    return 'granted';
  }
  await queue.unclaim(head, owner);
  await queue.returnTurn(flow, head.cost);
  // Retried, because a faster function may have seen the claim on this task, and has left the task to this one.
  return 'retry';
}

/** A cancelled task still waits; it ends when it is woken. */
async function wakeCancelled({ wake }: GrantDeps, task: TaskRecord | undefined): Promise<void> {
  if (task?.status === 'pending' && task.cancelledAt !== undefined && task.wakeToken) {
    await wake(task.wakeToken);
  }
}

/** The lease of a slot that is given to a waiting task. */
function leaseFor(segment: Segment, row: SlotRow, now: number): Lease {
  const startAt = nextStart(segment, row, now);
  return { until: startAt + grantMs, since: now, held: false, startAt };
}

const nextStart = ({ submitIntervalMs }: Segment, { nextSubmitAt }: SlotRow, now: number) =>
  submitIntervalMs === undefined ? now : Math.max(now, nextSubmitAt);

function termsFor(
  segment: Segment,
  row: SlotRow,
  { now, tag }: { readonly now: number; readonly tag: number },
): SlotTerms {
  return {
    slots: segment.slots,
    now,
    submit: submitTerms(segment, row, now),
    ...(tag > row.virtualTime && { virtualTime: tag }),
  };
}

/**
 * The next submit of a segment, if it has a rate: it is reserved only if no other function has reserved it since the
 * read.
 */
export const submitTerms = (segment: Segment, row: SlotRow, now: number): SlotTerms['submit'] =>
  segment.submitIntervalMs === undefined
    ? undefined
    : {
        seen: row.nextSubmitAt,
        next: nextStart(segment, row, now) + segment.submitIntervalMs,
      };
