// The rows of the queue in front of the providers. Every write is one conditional write of one row, and every
// read sees all writes that were answered before it. Nothing of it is part of a transaction.

/** Which row has the slots of a segment. */
export type SegmentKey = { readonly pool: string; readonly index: number };

/** A slot that a task has: it may have a job at the provider. */
export type Lease = {
  /** When the lease is over. What follows then is decided by the task, and never by the time alone. */
  readonly until: number;
  readonly since: number;
  /** `false`: it was handed to a waiting task, which has not taken it up. */
  readonly held: boolean;
  /** The job is not submitted before this time. */
  readonly startAt: number;
  /** It is unknown whether the provider has the job: the slot is kept, and goes by its time. */
  readonly unknown?: boolean | undefined;
};

/** The slots of a segment, and who waits for them. */
export type SlotRow = {
  /** By task id: a write that is repeated takes no second slot. */
  readonly leases: ReadonlyMap<string, Lease>;
  /** The largest start tag that was served: the virtual time of start-time fair queueing. */
  readonly virtualTime: number;
  /** The earliest time of the next submit (GCRA). */
  readonly nextSubmitAt: number;
  /** The provider was busy: no slot is given before this time. */
  readonly pausedUntil: number;
  /** The queues in which somebody may wait for this segment, each with the mark of the last one who entered. */
  readonly queued: ReadonlyMap<string, string>;
};

/** The row after the write; or, when its condition failed, the row as it is. */
export type SlotWrite = { readonly done: boolean; readonly row: SlotRow };

/** What takes a slot needs to be true. */
export type SlotTerms = {
  /** Fewer leases than these. */
  readonly slots: number;
  readonly now: number;
  /** Nobody waits: newcomers queue behind those who do. */
  readonly nobodyWaits?: boolean | undefined;
  /** The rate of submits: `seen` is what the row must have, when absent a time that is over; `next` is what it gets. */
  readonly submit?: { readonly seen?: number | undefined; readonly next: number } | undefined;
  /** The virtual time that the row gets. */
  readonly virtualTime?: number | undefined;
};

/** The tasks of one account in one lane that wait in a queue: they are served one after the other. */
export type FlowKey = { readonly queue: string; readonly flow: string };
export type Flow = FlowKey & {
  /** The start tag of its next task. */
  readonly virtualTime: number;
  /** When it was served last; 0: never. */
  readonly servedAt: number;
  /** Changes whenever a task enters. */
  readonly mark: string;
};

export type WaitingKey = FlowKey & { readonly since: number; readonly taskId: string };
/** A task that waits. */
export type Waiting = WaitingKey & {
  /** By how much its flow is charged when it is served. */
  readonly cost: number;
  /** Who is handing a slot to it, until when. */
  readonly claimedUntil?: number | undefined;
};

/** A flow in which many wait. */
export type FlowSummary = {
  readonly flow: string;
  readonly count: number;
  /** Since when they wait, at equal steps from the first to the last. */
  readonly since: readonly number[];
};

/** How many wait in the long flows of a queue, as it was at a time. */
export type QueueSummary = {
  readonly takenAt: number;
  readonly flows: readonly FlowSummary[];
  /** How many wait in all flows, also in short ones. */
  readonly waiting?: number | undefined;
  /** Since when the one waits that has waited longest. */
  readonly oldestSince?: number | undefined;
};

/** The reconciler writes a summary of this name at the end of each run, which says when that was. No queue is called so. */
export const reconcilerRun = 'reconciler';

export type QueueStore = {
  readSlots(key: SegmentKey): Promise<SlotRow>;
  /** Gives a task a slot. Not done when it has one, or the terms do not hold. */
  takeSlot(key: SegmentKey, taskId: string, lease: Lease, terms: SlotTerms): Promise<SlotWrite>;
  /** The task takes up its slot, or lengthens it. Not done when it has none. */
  holdSlot(key: SegmentKey, taskId: string, until: number): Promise<SlotWrite>;
  /** The slot is kept until then, also when it is released: the provider may have the job. */
  keepSlot(key: SegmentKey, taskId: string, until: number): Promise<SlotWrite>;
  /** Frees the slot of a task, unless it is kept. */
  releaseSlot(key: SegmentKey, taskId: string): Promise<SlotWrite>;
  /** Frees a slot whose lease is still as it was seen: nobody has taken it up or lengthened it. */
  reclaimSlot(key: SegmentKey, taskId: string, seen: Lease): Promise<SlotWrite>;
  /** Somebody waits in this queue. */
  markQueued(key: SegmentKey, queue: string, mark: string): Promise<SlotRow>;
  /** Nobody waits in this queue, as was seen after the mark was read. */
  clearQueued(key: SegmentKey, queue: string, seenMark: string): Promise<void>;
  /** No slot is given before this time. A longer pause stays as it is. */
  pause(key: SegmentKey, until: number): Promise<void>;

  flows(queue: string): Promise<readonly Flow[]>;
  /** A task enters: the tag of its flow is at least `virtualTime`, and it has a new mark. */
  enterFlow(key: FlowKey, virtualTime: number, mark: string): Promise<void>;
  /** Charges a flow for its turn, if it is still as it was seen. */
  takeTurn(flow: Flow, virtualTime: number, servedAt: number): Promise<boolean>;
  /** Gives a turn back that served nobody. */
  returnTurn(key: FlowKey, cost: number): Promise<void>;
  /** Deletes a flow in which nobody waits, if it is still as it was seen. */
  forgetFlow(flow: Flow): Promise<void>;

  addWaiting(waiting: Waiting): Promise<void>;
  /** Those who have waited longest in a flow. */
  firstWaiting(key: FlowKey, limit: number): Promise<readonly Waiting[]>;
  /** Since when each of those waits who wait in a flow, in their order, as it was a moment ago. */
  allWaitingSince(key: FlowKey): Promise<readonly number[]>;
  /** Only one hands a slot to a waiting task at a time. `false`: it is gone, or claimed by another. */
  claim(key: WaitingKey, claim: Claim): Promise<boolean>;
  unclaim(key: WaitingKey, owner: string): Promise<void>;
  /** The slot for which a task was claimed is of no use to it: another one may be handed to it at once. */
  endClaim(key: WaitingKey): Promise<void>;
  removeWaiting(key: WaitingKey): Promise<void>;

  writeSummary(queue: string, summary: QueueSummary): Promise<void>;
  readSummary(queue: string): Promise<QueueSummary | undefined>;
};

type Claim = { readonly owner: string; readonly now: number; readonly until: number };
