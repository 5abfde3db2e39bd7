import type { TaskErrorCode } from './problem.ts';
import type { ProviderName } from './provider.ts';

/** Where one input picture comes from. An upload and a file are already in our bucket. */
export type Input =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file'; readonly fileId: string }
  | { readonly kind: 'upload'; readonly contentType: string };

/** The optional wishes a caller may pass on to the model. */
export type Options = {
  readonly negativePrompt?: string | undefined;
  readonly size?: string | undefined;
  readonly seed?: number | undefined;
  readonly promptExtend?: boolean | undefined;
  readonly watermark?: boolean | undefined;
};

/** Why a task, or one of its images, was not made. `message` is public. */
export type Failure = { readonly code: TaskErrorCode; readonly message: string };

/** One image of a finished provider job: where it lies, or why it does not exist. */
export type Painted = { readonly url: string } | Failure;

/** What became of the job: a fact, written by whoever learns it, read by the settlement. */
export type Outcome =
  | { readonly state: 'succeeded'; readonly images: readonly Painted[] }
  | { readonly state: 'failed'; readonly failure: Failure };

/** A result in our own bucket. */
export type Image = { readonly key: string; readonly contentType: string; readonly bytes: number };

type Basics = {
  readonly id: string;
  readonly account: string;
  readonly keyId: string;
  readonly userGroup: string;
  readonly model: string;
  readonly prompt: string;
  readonly n: number;
  readonly options: Options;
  readonly inputs: readonly Input[];
  readonly callbackUrl?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds since 1970, like every `…At`. */
  readonly createdAt: number;
  /** Milli-credits held for this task. */
  readonly reserved: number;
  /** Fact: these uploads have arrived (index of the input). */
  readonly arrived?: ReadonlySet<number> | undefined;
  /** Fact: the workflow has taken the task up. */
  readonly startedAt?: number | undefined;
  /** Past it the task fails with `generation_timeout`; counted from the moment its inputs are there. */
  readonly deadlineAt?: number | undefined;
  /** When somebody has to look at this task again; absent when nobody has to. */
  readonly dueAt?: number | undefined;
  /** Which execution of the workflow is the task's, from 1 on: more than one when others died. */
  readonly execution?: number | undefined;
  /** Fact: the caller wants it no more. */
  readonly cancelledAt?: number | undefined;
  /** Who paints it, or was asked last. */
  readonly provider?: ProviderName | undefined;
  /** What tasks like it took when the provider took this one, so that its progress never goes back. */
  readonly expectedSeconds?: number | undefined;
};

/** Of a job's words those that would be others the next time. */
export type Wording = {
  readonly images: readonly string[];
  readonly callbackUrl?: string | undefined;
};

type Unfinished = Basics & {
  /** Mark written before the provider is asked: with no ticket beside it, the answer is unknown. */
  readonly submittingAt?: number | undefined;
  /** What a provider was asked that may be asked again: it knows a job by its very words. */
  readonly wording?: Wording | undefined;
  /** How often a provider has said clearly no. */
  readonly refusals?: number | undefined;
  /** Fact: the provider says that the job is done, or that something is to be seen. */
  readonly calledBackAt?: number | undefined;
  readonly outcome?: Outcome | undefined;
  readonly outcomeAt?: number | undefined;
  /** The state that waits right now; whoever learns something wakes it with this. */
  readonly wakeToken?: string | undefined;
};

export type Pending = Unfinished & { readonly status: 'pending' };

export type Processing = Unfinished & {
  readonly status: 'processing';
  readonly ticket: string;
  readonly submittedAt: number;
};

type Finished = Basics & {
  readonly finishedAt: number;
  /** Milli-credits charged in the end; the rest of `reserved` went back. */
  readonly charged: number;
  readonly callback?: CallbackRecord | undefined;
};

export type Completed = Finished & {
  readonly status: 'completed';
  readonly images: readonly Image[];
  readonly failures: readonly Failure[];
};

export type Failed = Finished & { readonly status: 'failed'; readonly failure: Failure };

/** What became of telling the caller: `failing` is tried again, `undelivered` is not. */
export type CallbackRecord = {
  readonly state: 'owed' | 'failing' | 'delivered' | 'undelivered';
  readonly attempts: number;
  readonly lastStatus?: number | undefined;
};

/** A task is what its status says: only a completed one has images, only a processing one a ticket. */
export type Task = Pending | Processing | Completed | Failed;
export type Ended = Completed | Failed;
export type Running = Pending | Processing;

export const statuses = [
  'pending',
  'processing',
  'completed',
  'failed',
] as const satisfies readonly Task['status'][];
export type Status = (typeof statuses)[number];

/** What a list says about a task: all of it lies in the index that lists are read from. */
export type Summary = Pick<Basics, 'id' | 'model' | 'createdAt'> & {
  readonly status: Status;
  readonly submittedAt?: number | undefined;
  readonly expectedSeconds?: number | undefined;
  readonly finishedAt?: number | undefined;
  readonly charged?: number | undefined;
  readonly images?: readonly Image[] | undefined;
};

export const isEnded = (task: Task): task is Ended =>
  task.status === 'completed' || task.status === 'failed';

/** Whether asking to cancel it would change anything. */
export const canCancel = (task: Task): boolean =>
  !isEnded(task) && task.cancelledAt === undefined && task.outcome === undefined;

/** What a task fails with that its caller cancelled. */
export const cancelled: Failure = {
  code: 'request_cancelled',
  message: 'The task was cancelled. Nothing was charged.',
};

/** The inputs that were promised as uploads and have not come. */
export const missingUploads = (task: Task): readonly number[] =>
  task.inputs.flatMap(({ kind }, index) =>
    kind === 'upload' && !task.arrived?.has(index) ? [index] : [],
  );
