import type { Header } from '../images/header-result.ts';
import type { ImageFile } from '../images/image-file.ts';
import type { AuditEntry } from '../model/audit.ts';
import type { ProviderName } from '../model/catalogue.ts';
import type { ImageFormat } from '../model/image-format.ts';
import type {
  ActiveTask,
  CallbackAttempt,
  CallbackRecord,
  DeletedTask,
  EndedTask,
  Image,
  Input,
  Outcome,
  PreparedInputs,
  QueuePlace,
  SubmittedRequest,
  Task,
  TaskRecord,
  TaskRequest,
  TaskState,
  TaskStory,
} from '../model/task.ts';
import type { PollSchedule } from '../providers/poll-schedule.ts';

/** Why a provider declined, for a reason that is not the job itself. */
type DeclineReason = 'busy' | 'operator_must_act';

/** The task records. Every write has a condition; one that came too late changes nothing. */
export type TaskStore = {
  /** The task, unless it was deleted. */
  find(id: string): Promise<Task | undefined>;
  /** The task with the last attempts to deliver its callback, in one read, unless it was deleted. */
  findStory(id: string): Promise<TaskStory | undefined>;
  /** The state of the task, or the tombstone of a deleted one. */
  findRecord(id: string): Promise<TaskRecord | undefined>;
  /** The request of the task, unless the task was deleted. */
  findRequest(id: string): Promise<TaskRequest | undefined>;
  /** Fact: the upload for input `index` has arrived. Returns the task as it is now, unless it has ended. */
  recordUpload(id: string, index: number): Promise<ActiveTask | undefined>;
  /** Fact: the workflow has begun to work on the task. */
  recordStarted(id: string, at: StartTimes): Promise<ActiveTask | undefined>;
  /**
   * Fact: the task waits for a slot; the reconciler checks it at `nextCheckAt`. Only for a task that no attempt submits.
   * `prepared` is stored only the first time.
   */
  recordQueued(
    id: string,
    queue: QueuePlace,
    nextCheckAt: number,
    prepared?: PreparedInputs,
  ): Promise<ActiveTask | undefined>;
  /**
   * Acquires the submit lock, before the job is submitted. Fails when the task is locked already, cancelled or has its
   * outcome; returns the task either way. The request to an idempotent provider is stored with the
   * lock, so that a retry submits exactly the same request, until the deadline.
   */
  acquireSubmitLock(
    id: string,
    provider: ProviderName,
    at: number,
    submittedRequest?: SubmittedRequest,
    more?: LockedWith,
  ): Promise<SubmitLock>;
  /**
   * Takes over the submit lock of an earlier attempt, which then cannot release it any more. `false`: the
   * lock of `lockedAt` was released or taken over in the meantime.
   */
  renewSubmitLock(
    id: string,
    provider: ProviderName,
    lockedAt: number,
    at: number,
  ): Promise<boolean>;
  /**
   * Nothing was accepted: removes the submit lock of `lockedAt`, so that the submit may be retried. Only a
   * provider that is busy is counted in `busyCount`.
   */
  releaseSubmitLock(id: string, lockedAt: number, reason: DeclineReason): Promise<void>;
  /** The provider accepted the job, and its deadline runs. */
  recordSubmitted(
    id: string,
    ticket: string,
    at: number,
    job?: AcceptedJob,
  ): Promise<ActiveTask | undefined>;
  /** The provider does not cancel the job any more: it has begun, or has answered a request to cancel it. */
  recordNotCancellable(id: string): Promise<void>;
  /** Fact: the webhook of this provider has reported news. Only for the provider that the task names. */
  recordProviderWebhook(
    id: string,
    provider: ProviderName,
    at: number,
  ): Promise<ActiveTask | undefined>;
  /**
   * Saves the task token of the state that waits, and when it polls the provider if it does. Returns the task as it is
   * now.
   */
  saveTaskToken(id: string, wakeToken: string, polledAt?: number): Promise<ActiveTask | undefined>;
  /** Fact: the outcome of the job. The first one written stays. */
  recordOutcome(id: string, outcome: Outcome, at?: number): Promise<ActiveTask | undefined>;
  /**
   * Records one more callback attempt of the task as it was read, the new state of the callback, and when the reconciler
   * checks it, if it has to. Nothing is recorded for a deleted task, and no failed attempt after a successful one.
   */
  recordCallbackAttempt(
    task: EndedTask,
    attempt: CallbackAttempt,
    record: CallbackRecord,
    nextCheckAt?: number,
  ): Promise<void>;
  /** The last attempts to deliver the callback of a task, at most `maxStoredAttempts`, the oldest first. */
  findAttempts(id: string): Promise<readonly CallbackAttempt[]>;
  /**
   * Resets the callback to `pending`, and has the reconciler check it at `nextCheckAt`. `false`: it is pending
   * already or the task was deleted, and nothing was written. `entry` is the audit entry, if the operator asks for it.
   */
  scheduleCallback(id: string, nextCheckAt: number, entry?: AuditEntry): Promise<boolean>;
  /**
   * Fact: the caller has cancelled the task, for the first time at `at`; the reconciler checks it at `nextCheckAt`.
   * Only for a task that can be cancelled. Returns the task as it is now, unless it has ended: without `cancelledAt`,
   * nothing was recorded. A repeated cancellation changes nothing. `entry` is the audit entry, if the operator cancels.
   */
  requestCancel(
    id: string,
    at: number,
    nextCheckAt: number,
    entry?: AuditEntry,
  ): Promise<ActiveTask | undefined>;
  /**
   * Leases the check of a task that is due until `nextCheckAt`. Returns its record, unless another instance
   * has leased it already.
   */
  leaseCheck(check: DueCheck, nextCheckAt: number): Promise<TaskRecord | undefined>;
  /** Makes this the current execution of the task. `false`: the task has another one already. */
  recordNextExecution(id: string, execution: number, nextCheckAt: number): Promise<boolean>;
  /**
   * Replaces an ended task of the account `owner` by its tombstone. Returns the tombstone as the first call has
   * written it; undefined when there is no such task, or it has not ended.
   */
  recordDeletion(deleted: DeletedTask): Promise<DeletedTask | undefined>;
  /** The pictures of a deleted task were deleted at this time, and are deleted again at `nextCheckAt` if it is given. */
  recordPicturesDeleted(id: string, at: number, nextCheckAt?: number): Promise<void>;
  /** The tasks that have to be checked by `now`, the longest overdue first. */
  findDueChecks(now: number, limit: number): Promise<readonly DueCheck[]>;
};

/** What is stored with the submit lock. */
type LockedWith = {
  /** The slot of the provider that the task has. */
  readonly slot?: string | undefined;
  /** Stored only the first time. */
  readonly prepared?: PreparedInputs | undefined;
};

type AcceptedJob = {
  /** How long such a job typically takes. */
  readonly typicalSeconds?: number | undefined;
  /** Whether the provider can cancel it as long as it waits there. */
  readonly cancellable?: boolean | undefined;
};

type StartTimes = {
  readonly startedAt: number;
  readonly nextCheckAt: number;
};
/** A task that has to be checked, and since when. */
export type DueCheck = { readonly id: string; readonly nextCheckAt: number };
type SubmitLock = { readonly acquired: boolean; readonly task: TaskState };

/** The workflow of a task. */
export type Workflow = {
  /** Starts execution number `execution` (1 when left out). Starting twice is starting once. */
  start(taskId: string, execution?: number): Promise<void>;
  /** The state of that execution. */
  executionState(taskId: string, execution: number): Promise<'running' | 'over' | 'absent'>;
  /** Ends a wait early, so that the provider is polled now. A stale token is normal and ignored. */
  wake(token: string): Promise<void>;
  /** Ends the polling: the outcome is written. A stale token is normal and ignored. */
  finish(token: string): Promise<void>;
  /** Fails this wait with an error, by whose name the state is retried. A stale token is normal and ignored. */
  fail(token: string, error: Error): Promise<void>;
  /**
   * Keeps the state machine from polling again while the poll with this token takes longer than the `seconds` to the next
   * one. Dispose of the result to stop that. A stale token is normal and ignored.
   */
  keepAlive(token: string, seconds: number): AsyncDisposable;
  /** Ends this wait, so that the polls of the task go on by another schedule. A stale token is normal and ignored. */
  reschedule(token: string, taskId: string, schedule: PollSchedule): Promise<void>;
};

/** An input picture on our disk. Disposing of it removes it from the disk. */
type FetchedInput = AsyncDisposable & {
  readonly file: ImageFile;
  /** Stores it as the private copy that the provider will see. `format` is its format. */
  store(format: ImageFormat): Promise<void>;
};

/** The input pictures in our bucket. */
export type InputStore = {
  /**
   * Fetches input `index`. What was fetched cannot change any more.
   * @throws {InputProblem} when it cannot be fetched
   */
  fetch(task: TaskState, index: number, input: Input): Promise<FetchedInput>;
  /** The uploads of a task that are in the bucket, by the index of their input. */
  uploaded(taskId: string): Promise<ReadonlySet<number>>;
  /** The private copies that exist, by index, and their formats. */
  stored(taskId: string): Promise<ReadonlyMap<number, ImageFormat>>;
  /** A link to the private copy for the provider, valid for a short time. */
  link(taskId: string, index: number, format?: ImageFormat): Promise<string>;
};

/** The private copy of an input. */
type InputCopy = { readonly index: number; readonly format: ImageFormat };

/** The bytes of a picture with something about it inside. `picture` is what `readImage` says of the file. */
type MarkPicture = (file: ImageFile, picture: Header) => Iterable<Uint8Array>;

/** The result pictures in our bucket. */
export type ResultStore = {
  /** The images that were copied before, by number. */
  stored(taskId: string): Promise<ReadonlyMap<number, Image>>;
  /**
   * Copies image `n` of a task into our bucket.
   * @throws {ResultUnavailable} when there is no whole picture at the URL
   */
  store(taskId: string, n: number, url: string): Promise<Image>;
  /** Copies an input of a task for its image `n`, with the bytes that `mark` makes of it. */
  storeInput(taskId: string, n: number, input: InputCopy, mark: MarkPicture): Promise<Image>;
  /** A fresh link to a result, valid for some minutes. */
  link(image: Image, filename: string): Promise<string>;
  /** The bytes of a result. */
  read(image: Image): Promise<Buffer>;
};

/** The thumbnails of the inputs, or of the images, of tasks. */
export type ThumbnailStore = {
  /**
   * Links that work for some minutes: by the index of the input, or by the number of the image. There is none for a
   * picture whose thumbnail was not made yet, could not be made, or was deleted.
   */
  links(taskId: string): Promise<ReadonlyMap<number, string>>;
};

/** The files that callers have uploaded for later tasks. */
export type FileStore = {
  /** Undefined when there is none: it was not uploaded, or has been deleted. */
  find(
    account: string,
    fileId: string,
  ): Promise<{ readonly contentType: string; readonly bytes: number } | undefined>;
  /** A link to it that works for some minutes. */
  link(account: string, fileId: string): Promise<string>;
  read(account: string, fileId: string): Promise<Buffer>;
};

/** All pictures of a task in our buckets. */
export type TaskPictures = {
  /** Deletes them for good: uploads, private copies, results and the thumbnails of both, every version of each. */
  deleteAll(taskId: string): Promise<void>;
};
