// The rows of the queue in front of the providers. Every write is one conditional write of one row, and every
// read sees all writes that finished before it. No transaction is needed.

/** Which row has the slots of a segment. */
export type SegmentKey = { readonly pool: string; readonly index: number };

/** A slot that a task has: it may have a job at the provider. */
export type Lease = {
  /** When the lease ends. The state of the task decides what happens then, never the time alone. */
  readonly until: number;
  readonly since: number;
  /** `false`: the slot was given to a waiting task, which has not taken it up yet. */
  readonly held: boolean;
  /** The job is not submitted before this time. */
  readonly startAt: number;
  /** It is unknown whether the provider has the job: the slot is kept until its lease ends. */
  readonly unknown?: boolean | undefined;
};

/** The slots of a segment, and the queues of the tasks that wait for them. */
export type SlotRow = {
  /** By task id: a write that is repeated takes no second slot. */
  readonly leases: ReadonlyMap<string, Lease>;
  /** The largest start tag that was served: the virtual time of start-time fair queueing. */
  readonly virtualTime: number;
  /** The earliest time of the next submit (GCRA). */
  readonly nextSubmitAt: number;
  /** The provider was busy: no slot is given before this time. */
  readonly pausedUntil: number;
  /** The queues in which tasks may wait for this segment, each with the mark of the task that entered last. */
  readonly queued: ReadonlyMap<string, string>;
};

/** The row after the write; or, when its condition failed, the row as it is. */
export type SlotWrite = { readonly done: boolean; readonly row: SlotRow };

/** The conditions for taking a slot. */
export type SlotTerms = {
  /** There must be fewer leases than this. */
  readonly slots: number;
  readonly now: number;
  /** No task may wait: a new task does not overtake waiting ones. */
  readonly nobodyWaits?: boolean | undefined;
  /** The next submit: the row must have the time `seen` (if absent: a time that has passed), and gets the time `next`. */
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
  /** Until when a function has claimed the task, to give it a slot. */
  readonly claimedUntil?: number | undefined;
};

/** A flow in which many tasks wait. */
export type FlowSummary = {
  readonly flow: string;
  readonly count: number;
  /** Since when tasks wait: a sample of them, at equal steps from the first to the last. */
  readonly since: readonly number[];
};

/** How many tasks wait in the long flows of a queue, at one moment. */
export type QueueSummary = {
  readonly takenAt: number;
  readonly flows: readonly FlowSummary[];
  /** How many tasks wait in all flows, also in short ones. */
  readonly waiting?: number | undefined;
  /** Since when the longest waiting task waits. */
  readonly oldestSince?: number | undefined;
};

/** The name of the summary in which the reconciler writes, at the end of each run, when that was. No queue has this name. */
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
  /** Frees a slot if its lease is still as it was read: not taken up or lengthened since. */
  reclaimSlot(key: SegmentKey, taskId: string, seen: Lease): Promise<SlotWrite>;
  /** Records that a task waits in this queue. */
  markQueued(key: SegmentKey, queue: string, mark: string): Promise<SlotRow>;
  /** Records that no task waits in this queue, if the mark is still the one that was read before. */
  clearQueued(key: SegmentKey, queue: string, seenMark: string): Promise<void>;
  /** No slot is given before this time. A longer pause stays as it is. */
  pause(key: SegmentKey, until: number): Promise<void>;

  flows(queue: string): Promise<readonly Flow[]>;
  /** A task enters: the tag of its flow is at least `virtualTime`, and it has a new mark. */
  enterFlow(key: FlowKey, virtualTime: number, mark: string): Promise<void>;
  /** Charges a flow for its turn, if it is still as it was read. */
  takeTurn(flow: Flow, virtualTime: number, servedAt: number): Promise<boolean>;
  /** Gives back a turn in which no task was served. */
  returnTurn(key: FlowKey, cost: number): Promise<void>;
  /** Deletes a flow in which no task waits, if it is still as it was read. */
  forgetFlow(flow: Flow): Promise<void>;

  addWaiting(waiting: Waiting): Promise<void>;
  /** The tasks that have waited longest in a flow. */
  firstWaiting(key: FlowKey, limit: number): Promise<readonly Waiting[]>;
  /** Since when each task of a flow waits, in their order. It may be a moment old. */
  allWaitingSince(key: FlowKey): Promise<readonly number[]>;
  /**
   * Claims a waiting task: only one function at a time gives it a slot. `false`: the task is gone, or another one has
   * claimed it.
   */
  claim(key: WaitingKey, claim: Claim): Promise<boolean>;
  unclaim(key: WaitingKey, owner: string): Promise<void>;
  /** Ends the claim on a task that had no use for its slot, so that it can get another one at once. */
  endClaim(key: WaitingKey): Promise<void>;
  removeWaiting(key: WaitingKey): Promise<void>;

  writeSummary(queue: string, summary: QueueSummary): Promise<void>;
  readSummary(queue: string): Promise<QueueSummary | undefined>;
};

type Claim = { readonly owner: string; readonly now: number; readonly until: number };
