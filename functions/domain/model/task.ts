import type { BudgetName } from './account.ts';
import type { ProviderName } from './catalogue.ts';
import { dayMs } from './duration.ts';
import type { ImageFormat } from './image-format.ts';
import type { TaskErrorCode } from './problem.ts';
import { inputDays } from './storage-names.ts';

/** The longest URL of a callback to a caller, or of our own webhook for a provider, in characters. */
export const maxUrlLength = 2048;
/**
 * The longest URL of a picture or of the target of a redirect, in characters: such links are often signed, and long.
 */
export const maxSignedUrlLength = 8192;
/**
 * How long the download of a caller's picture may take, in milliseconds: API Gateway gives up after half a minute, and
 * the picture is stored in the time that is left.
 */
export const pictureDownloadMs = 20_000;

/** Where one input picture comes from. An upload and a file are in our own bucket. */
export type Input =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file'; readonly fileId: string }
  | { readonly kind: 'upload'; readonly contentType: string };

/** The optional parameters that a caller may pass on to the model. */
export type Options = {
  readonly negativePrompt?: string | undefined;
  readonly size?: string | undefined;
  readonly seed?: number | undefined;
  readonly promptExtend?: boolean | undefined;
  readonly watermark?: boolean | undefined;
};

/** The lanes of an account in the queue: its single tasks do not wait for its own bulk. */
export const lanes = ['interactive', 'bulk'] as const;
export type Lane = (typeof lanes)[number];

/** How long a task is expected to wait for a slot, and then to be with a provider, in seconds. */
export type ExpectedWait = { readonly waitSeconds: number; readonly jobSeconds: number };

/** Where a task waits for a slot. */
export type QueuePlace = {
  /** It takes a slot of any of these pools. */
  readonly pools: readonly string[];
  /** Since when: it keeps its place when it enters the queue again. */
  readonly since: number;
  /** What was expected when the task began to wait. Progress is measured against it, and so never goes back. */
  readonly expected?: ExpectedWait | undefined;
  /** When the task did not take up a slot that it was given: its workflow may be dead. */
  readonly missedAt?: number | undefined;
};

/** Why a task, or one of its images, was not made. `message` is public. */
export type Failure = { readonly code: TaskErrorCode; readonly message: string };

/**
 * One image of a finished job: its URL at the provider, or why it was not made. Only the sandbox returns an input of the
 * task as an image, by its index.
 */
export type GeneratedImage = { readonly url: string } | { readonly input: number } | Failure;

/** The outcome of the job: a fact, written as soon as it is known and read when the task is settled. */
export type Outcome =
  | { readonly state: 'succeeded'; readonly images: readonly GeneratedImage[] }
  | { readonly state: 'failed'; readonly failure: Failure };

/** A result in our own bucket. */
export type Image = { readonly key: string; readonly contentType: string; readonly bytes: number };

/** That all inputs were checked: when, and the formats of their private copies by the index of the input. */
export type PreparedInputs = { readonly at: number; readonly formats: readonly ImageFormat[] };

/** Where a reservation is: the shard of the account and of the key, and the day whose limit of the key it counts against. */
type ReservedIn = {
  readonly shard: number;
  readonly day?: string | undefined;
  /** The daily budget of the account that it took from. */
  readonly budget?: BudgetName | undefined;
};

/** The caller's request. It is written with the task and never changes, and it is stored apart from the state of the task. */
export type TaskRequest = {
  readonly prompt: string;
  readonly options: Options;
  /** The uploads come first. */
  readonly inputs: readonly Input[];
  readonly metadata?: Readonly<Record<string, string>> | undefined;
};

/** When the bucket deletes the private copies of the inputs of a task; undefined when it has none. */
export const copiesExpireAt = ({ prepared }: TaskState): number | undefined =>
  prepared && prepared.at + inputDays * dayMs;

/** The fields by which logs and metrics name a task. */
export type TaskRef = Pick<TaskBase, 'id' | 'account'>;

type TaskBase = {
  readonly id: string;
  readonly account: string;
  readonly keyId: string;
  /** The name of the key when the task was created. Tasks of earlier versions have none. */
  readonly keyName?: string | undefined;
  readonly userGroup: string;
  readonly model: string;
  readonly n: number;
  /** How many of the inputs, from the first on, are to be uploaded for this task. */
  readonly uploadCount?: number | undefined;
  readonly callbackUrl?: string | undefined;
  /** Milliseconds since 1970, like every `…At`. */
  readonly createdAt: number;
  /** Milli-credits reserved for this task. */
  readonly reserved: number;
  /** Where they are reserved; absent: in the first shard. */
  readonly reservedIn?: ReservedIn | undefined;
  /** Fact: these uploads have arrived (index of the input). */
  readonly arrived?: ReadonlySet<number> | undefined;
  /** Fact: the workflow has begun to work on the task. */
  readonly startedAt?: number | undefined;
  /** Fact: its inputs were checked and copied; written with the submit lock, so it may come a little later. */
  readonly prepared?: PreparedInputs | undefined;
  /** After this time the task fails with `generation_timeout`; counted from the submit of its job. */
  readonly deadlineAt?: number | undefined;
  /** When the reconciler has to check this task; absent when it does not have to. */
  readonly nextCheckAt?: number | undefined;
  /** The number of the task's current workflow execution, from 1 on: higher when executions died. */
  readonly execution?: number | undefined;
  /**
   * Fact: the caller has cancelled the task. Before a provider has the job, this ends the task; afterwards it is a
   * request, and the provider decides.
   */
  readonly cancelledAt?: number | undefined;
  /** The provider that has the job, or to which it was submitted last. */
  readonly provider?: ProviderName | undefined;
  /** Its lane in the queue in front of the providers, as its caller chose; absent: interactive. */
  readonly lane?: Lane | undefined;
  /** The slot of its provider that the job was submitted with; absent at a provider without limits. */
  readonly slot?: string | undefined;
  /** How long such tasks took when this one was accepted, fixed so that its progress never goes back. */
  readonly typicalSeconds?: number | undefined;
};

/**
 * The parts of a job that differ each time it is built. They are stored, so that a retry submits exactly the
 * same job.
 */
export type SubmittedRequest = {
  readonly images: readonly string[];
  readonly webhookUrl?: string | undefined;
};

type ActiveTaskBase = TaskBase & {
  /**
   * The submit lock, acquired before the job is submitted. A lock without a ticket: it is unknown whether
   * the job was accepted.
   */
  readonly submitLockedAt?: number | undefined;
  /** The request to an idempotent provider, which recognises a job by its exact request. */
  readonly submittedRequest?: SubmittedRequest | undefined;
  /** Fact: no provider had a slot free for the job, and the task waits for one, or has waited. */
  readonly queue?: QueuePlace | undefined;
  /** How often a provider was busy. */
  readonly busyCount?: number | undefined;
  /** Fact: the provider's webhook has reported news about the job. */
  readonly providerWebhookAt?: number | undefined;
  /** When the provider was polled last. */
  readonly polledAt?: number | undefined;
  readonly outcome?: Outcome | undefined;
  readonly outcomeAt?: number | undefined;
  /** The task token of the state that waits right now: news about the task wakes it. */
  readonly wakeToken?: string | undefined;
};

export type Pending = ActiveTaskBase & { readonly status: 'pending' };

export type Processing = ActiveTaskBase & {
  readonly status: 'processing';
  /** The provider that accepted the job. */
  readonly provider: ProviderName;
  /** The provider's id of the job, opaque to all code but its adapter. */
  readonly ticket: string;
  readonly submittedAt: number;
  /** `true` as long as the job waits at a provider that can cancel it, as far as is known. */
  readonly cancellable?: boolean | undefined;
};

type EndedTaskBase = TaskBase & {
  /** Both only when a provider accepted the job. */
  readonly ticket?: string | undefined;
  readonly submittedAt?: number | undefined;
  /** When it began to wait for a slot, if it had to. */
  readonly queuedAt?: number | undefined;
  /** When it was known that the provider had generated images. */
  readonly generatedAt?: number | undefined;
  readonly finishedAt: number;
  /** Milli-credits charged in the end; the rest of `reserved` went back. */
  readonly charged: number;
  readonly callback?: CallbackRecord | undefined;
  /** How often the callback was attempted in all, also before it was sent again. */
  readonly callbackAttempts?: number | undefined;
  /** When the record is deleted, together with the results. Tasks of earlier versions have none. */
  readonly expiresAt?: number | undefined;
};

export type Completed = EndedTaskBase & {
  readonly status: 'completed';
  readonly images: readonly Image[];
  readonly failures: readonly Failure[];
};

export type Failed = EndedTaskBase & { readonly status: 'failed'; readonly failure: Failure };

/** The states of a callback: `retrying` is tried again, `undelivered` is not. */
export const callbackStates = ['pending', 'retrying', 'delivered', 'undelivered'] as const;
export type CallbackRecord = {
  readonly state: (typeof callbackStates)[number];
  readonly attempts: number;
  readonly lastStatus?: number | undefined;
};

/** One attempt to deliver a callback. */
export type CallbackAttempt = {
  readonly at: number;
  /** How long it took. */
  readonly milliseconds: number;
  /** The HTTP status of the response, if there was one. */
  readonly status?: number | undefined;
  /** Why there was no response. A public text. */
  readonly reason?: string | undefined;
  /** The beginning of a response that is text, at most `maxQuotedCharacters`. It is untrusted, and never logged. */
  readonly text?: string | undefined;
};

/** How many attempts of a task are stored: the last ones. */
export const maxStoredAttempts = 20;

export type EndedTask = Completed | Failed;
export type ActiveTask = Pending | Processing;
/**
 * The state of a task: what changes. The status decides which fields there are: only a completed task has images, only
 * a processing one must have a ticket.
 */
export type TaskState = ActiveTask | EndedTask;
/** The state of a task with its request. */
export type WithRequest<State extends TaskState> = State & TaskRequest;
export type Task = WithRequest<TaskState>;
/** A task, and the last attempts to deliver its callback, the oldest first. */
export type TaskStory = { readonly task: Task; readonly attempts: readonly CallbackAttempt[] };

/** The request of a task, without its state. */
export const requestOf = ({ prompt, options, inputs, metadata }: TaskRequest): TaskRequest => ({
  prompt,
  options,
  inputs,
  ...(metadata && { metadata }),
});

export const statuses = [
  'pending',
  'processing',
  'completed',
  'failed',
] as const satisfies readonly TaskState['status'][];
export type Status = (typeof statuses)[number];

/**
 * What stays of a task that its account has deleted: a tombstone, until the task would have expired. It says what
 * happened, when, and what it cost, but has nothing of the content. So a repeated request still finds that its task was
 * created, and the entries of the ledger refer to a task that is known.
 */
export type DeletedTask = {
  readonly status: 'deleted';
  readonly id: string;
  /** The account. The field has another name than in a task, so that this is never found among the tasks of the account. */
  readonly owner: string;
  readonly keyId: string;
  readonly userGroup: string;
  readonly model: string;
  readonly n: number;
  readonly createdAt: number;
  readonly startedAt?: number | undefined;
  readonly submittedAt?: number | undefined;
  readonly finishedAt: number;
  /** How the task had ended. */
  readonly endedAs: EndedTask['status'];
  readonly imageCount: number;
  readonly reserved: number;
  readonly charged: number;
  /** With these an operator finds the job on the bill of its provider. */
  readonly provider?: ProviderName | undefined;
  readonly ticket?: string | undefined;
  readonly deletedAt: number;
  /** When its pictures had been deleted, for the first time. */
  readonly picturesDeletedAt?: number | undefined;
  /** When the reconciler has to delete its pictures; absent when none can be left. */
  readonly nextCheckAt?: number | undefined;
  readonly expiresAt?: number | undefined;
};

/** Every kind of record of a task. For code that need not know about deleted tasks, those do not exist. */
export type TaskRecord = TaskState | DeletedTask;

export const isDeleted = (record: TaskRecord): record is DeletedTask => record.status === 'deleted';

export const isEnded = <T extends TaskState>(task: T): task is Extract<T, EndedTask> =>
  task.status === 'completed' || task.status === 'failed';

/** Whether the task has not ended, and was not deleted. */
export const isOpen = (record: TaskRecord): record is ActiveTask =>
  !isDeleted(record) && !isEnded(record);

/** Whether no further attempt is made to deliver the task's callback, unless somebody asks for one. */
export const hasCallbackResult = (task: TaskState): boolean =>
  'callback' in task &&
  (task.callback?.state === 'delivered' || task.callback?.state === 'undelivered');

/** Whether the task can be cancelled, by the last known state of its job. */
export const canCancel = (task: TaskState): boolean =>
  !isEnded(task) &&
  task.cancelledAt === undefined &&
  task.outcome === undefined &&
  (task.status === 'pending' || task.cancellable === true);

/** Whether the provider is still to be asked to cancel the job. */
export const awaitsCancellation = (task: ActiveTask): boolean =>
  task.status === 'processing' && task.cancelledAt !== undefined && task.cancellable === true;

/** A task that waits for a slot. */
export type QueuedTask = Pending & { readonly queue: QueuePlace };

/** Whether a task waits for a slot: nobody submits it, and nothing has ended it. */
export const isQueued = (task: TaskState): task is QueuedTask =>
  task.status === 'pending' &&
  task.queue !== undefined &&
  task.submitLockedAt === undefined &&
  task.cancelledAt === undefined &&
  task.outcome === undefined;

/** The inputs that are to be uploaded and have not arrived. */
export const missingUploads = ({ uploadCount = 0, arrived }: TaskState): readonly number[] =>
  Array.from({ length: uploadCount }, (_, index) => index).filter((index) => !arrived?.has(index));

/** A task that was just settled: before, and after. */
export type Settled = { readonly task: ActiveTask; readonly ended: EndedTask };

/** If a task was not started within this time after it was ready, the reconciler starts it. */
export const startGraceMs = 60 * 1000;

/** How long the upload forms of a task can be used, counted from its create: a quarter of an hour. */
export const uploadFormMs = 15 * 60 * 1000;

/**
 * How long the function that deletes the pictures of a task may run, in seconds. The request and the function that wait
 * for it have a little longer.
 */
export const deletePicturesSeconds = 20;

/**
 * A thumbnail may still be begun for this time after its picture was stored, in seconds. So it is made before the pictures of
 * a deleted task are deleted for the last time.
 */
export const lateThumbnailSeconds = 10 * 60;
/** How long the decoder may take for a thumbnail, in seconds: less than its function may run. */
export const decodeSeconds = 15;

/** The longest wait for a task that a request can ask for, in seconds. */
export const maxWaitSeconds = 25;
/**
 * How long the function that waits may run, in seconds: the last read and the response take a moment. API Gateway waits
 * for a function for 30 seconds at most.
 */
export const waitTimeoutSeconds = maxWaitSeconds + 4;

/** How long a link to a result works, counted from the response that carries it: a day. */
export const linkValidForMs = dayMs;

/** How long a file can be used as an input, in milliseconds: later the bucket deletes it. */
export const fileTtlMs = dayMs;

/** How much of its prompt a task in a list shows, in code points. */
export const maxPromptStart = 120;

/** How long a link to an input of a task works, in seconds: a quarter of an hour. */
export const inputLinkSeconds = 15 * 60;

/** The highest seed: providers take it as a signed integer of 32 bits. */
export const maxSeed = 2_147_483_647;

/** How long a task may wait for a slot of a provider, in milliseconds. */
export const maxQueueMs = dayMs;

/** How long a job may take once it was submitted: a quarter of an hour. */
export const taskDeadlineMs = 15 * 60 * 1000;

/**
 * The attempts of the published contract, which the state machine makes: after the first one it pauses 1, 2 and 4
 * seconds. The reconciler makes those after them.
 */
export const quickAttempts = 4;

/** The pause of the state machine after this many quick attempts, in seconds. */
export const quickPauseSeconds = (attempts: number): number => 2 ** (attempts - 1);

/** How long one attempt may take, by the contract. */
export const attemptTimeoutMs = 10_000;

/** The id of the event that a callback reports, the same for every attempt. */
export const callbackEventId = (taskId: string): string => `evt-${taskId}`;
