import type { Entry } from './account.ts';
import type { Credit, Shortage } from './ledger.ts';
import type { ImageLimits } from './models.ts';
import type { ProviderName } from './provider.ts';
import type { Remembered } from './remember.ts';
import type {
  CallbackRecord,
  Ended,
  Failure,
  Image,
  Input,
  Outcome,
  Pending,
  Running,
  Task,
  Wording,
} from './task.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

/** What may become of reserving money for a new task. */
export type Opening =
  | { readonly state: 'opened' }
  | Shortage
  /** The idempotency key was used before, for this task and a request with this hash. */
  | { readonly state: 'remembered'; readonly taskId: string; readonly requestHash: string };

/** What may become of granting or withdrawing credits. */
export type Crediting =
  | { readonly state: 'credited'; readonly entry: Entry }
  | Extract<Shortage, { state: 'insufficient' }>
  | { readonly state: 'no-account' }
  /** The idempotency key was used before: for this entry, or for a task when there is none. */
  | {
      readonly state: 'remembered';
      readonly entry?: Entry | undefined;
      readonly requestHash: string;
    };

/** The ledger moves money, always together with what it moves it for, and enters every movement. */
export type Ledger = {
  /**
   * Reserves `task.reserved` milli-credits, writes the task and remembers the idempotency key,
   * all or nothing.
   */
  open(task: Pending, remembered?: Remembered): Promise<Opening>;
  /**
   * Ends the task: charges `task.charged`, returns the rest of the reservation and writes the final
   * record, all or nothing. Doing it twice changes nothing: the loser learns `undefined`.
   */
  settle(task: Ended): Promise<Ended | undefined>;
  /** Grants or withdraws credits and remembers the idempotency key, all or nothing. */
  credit(order: Credit, remembered?: Remembered): Promise<Crediting>;
};

/** The task records. Every deed is one conditional write; a deed that came too late answers `undefined`. */
export type Tasks = {
  find(id: string): Promise<Task | undefined>;
  /** Fact: the upload for input `index` is here. Answers the task as it is now, unless it has ended. */
  uploadArrived(id: string, index: number): Promise<Running | undefined>;
  /** The workflow has taken the task up: nobody else has to look at it, and its deadline runs. */
  started(id: string, at: Started): Promise<Running | undefined>;
  /**
   * Sets the mark before the provider is asked, unless it is there already; answers the task either way.
   * The wording is kept for a provider that may be asked again.
   */
  submitting(id: string, provider: ProviderName, at: number, wording?: Wording): Promise<Marked>;
  /**
   * Takes the mark of a try before upon oneself: what that one hears yet does not take it away.
   * `false`: it is that mark no more.
   */
  submittingAgain(id: string, provider: ProviderName, seen: number, at: number): Promise<boolean>;
  /** The provider said clearly no: the mark of that moment goes, so that asking again is allowed. */
  notSubmitted(id: string, markedAt: number): Promise<void>;
  /** The provider took the job, which is expected to take so many seconds. */
  submitted(
    id: string,
    ticket: string,
    at: number,
    expectedSeconds?: number,
  ): Promise<Running | undefined>;
  /** Fact: that provider, which is asked or has the job, says that something is to be seen. */
  providerCalled(id: string, provider: ProviderName, at: number): Promise<Running | undefined>;
  /** Keeps the token of the state that waits, and answers what is known by now. */
  waiting(id: string, wakeToken: string): Promise<Running | undefined>;
  /** Fact: what became of the job. The first one written stays. */
  outcome(id: string, outcome: Outcome, at?: number): Promise<Running | undefined>;
  /** What became of telling the caller, and when that is looked at again, if it is. */
  callback(id: string, record: CallbackRecord, dueAt?: number): Promise<void>;
  /** The callback is owed (again) from now on, and somebody looks at it when it is due. */
  callbackOwed(id: string, dueAt: number): Promise<void>;
  /** Fact: the caller wants it no more. Answers the task as it is now, unless it has ended. */
  cancelled(id: string, at: number): Promise<Running | undefined>;
  /**
   * Takes the look at a task that is due upon oneself; the next one is at `dueAt`. Answers the task,
   * unless another one looks at it already.
   */
  look(due: Due, dueAt: number): Promise<Task | undefined>;
  /** The next execution of the workflow is the task's. `false`: it was given another one already. */
  restarted(id: string, execution: number, dueAt: number): Promise<boolean>;
  /** The tasks that somebody has to look at by `now`, the longest overdue first. */
  due(now: number, limit: number): Promise<readonly Due[]>;
};

export type Started = {
  readonly startedAt: number;
  readonly deadlineAt: number;
  readonly dueAt: number;
};
/** That somebody has to look at a task, and since when. */
export type Due = { readonly id: string; readonly dueAt: number };
type Marked = { readonly marked: boolean; readonly task: Task };

/** The workflow of a task. */
export type Workflow = {
  /** Starts execution number `execution` (1 when left out). Starting twice is starting once. */
  start(taskId: string, execution?: number): Promise<void>;
  /** How that execution is. */
  state(taskId: string, execution: number): Promise<'running' | 'over' | 'absent'>;
  /** Cuts a wait short, so that the provider is asked now. A stale token is normal and ignored. */
  wake(token: string): Promise<void>;
  /** Ends the polling: the outcome is written. A stale token is normal and ignored. */
  finish(token: string): Promise<void>;
};

/** The input pictures in our bucket. */
export type Inputs = {
  /**
   * Makes the private copy of input `index` that the provider will see.
   * @throws {InputRefused} when the picture cannot be had, for good
   * @throws {InputUnavailable} when trying again may help
   */
  keep(task: Task, index: number, input: Input): Promise<void>;
  /** Whether there is a private copy of input `index` from before. */
  has(taskId: string, index: number): Promise<boolean>;
  /** A piece of the private copy, fewer bytes than asked for only at its end, and its whole size. */
  read(taskId: string, index: number, from: number, bytes: number): Promise<Piece>;
  /** A link to the private copy for the provider, valid for a short time. */
  link(taskId: string, index: number): Promise<string>;
};

export type Piece = { readonly bytes: Uint8Array; readonly size: number };

/** Looks at a picture through ranged reads; answers what is wrong with it, if anything. */
export type Inspect = (
  read: (from: number, bytes: number) => Promise<Piece>,
  limits: ImageLimits,
  declaredType?: string | undefined,
) => Promise<Failure | undefined>;

/** The result pictures in our bucket. */
export type Results = {
  /**
   * Copies image `n` of a task into our bucket, unless it is there already.
   * @throws {ResultUnavailable} when the picture could not be fetched
   */
  keep(taskId: string, n: number, url: string): Promise<Image>;
  /** A fresh link to a result, valid for some minutes. */
  link(image: Image, filename: string): Promise<string>;
};
