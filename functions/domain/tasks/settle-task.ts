import * as z from 'zod';
import type { Ledger } from '../billing/ledger.ts';
import { sandboxOutput } from '../images/with-text.ts';
import type { Clock } from '../model/clock.ts';
import { failures } from '../model/failures.ts';
import {
  type ActiveTask,
  type Completed,
  type EndedTask,
  type Failed,
  type Failure,
  type GeneratedImage,
  type Image,
  isDeleted,
  isEnded,
  maxSignedUrlLength,
  type Settled,
  type TaskState,
} from '../model/task.ts';
import {
  InputUnavailable,
  OutcomeMissing,
  ProviderBusy,
  ResultUnavailable,
} from '../model/workflow-errors.ts';
import type { ResultStore, TaskStore } from './ports.ts';
import { expiryOf } from './retention.ts';

/** The error that a state caught, in the form of Step Functions. */
export const CaughtError = z.object({ Error: z.string(), Cause: z.string().optional() });
export type CaughtError = z.output<typeof CaughtError>;

type Deps = {
  readonly ledger: Pick<Ledger, 'settle'>;
  readonly results: Pick<ResultStore, 'store' | 'storeInput' | 'stored'>;
  readonly now: Clock;
  /** How many days a task is kept after its end. */
  readonly retentionDays: number;
};

/** How a task ends. */
type Ending =
  | Pick<Completed, 'status' | 'images' | 'failures'>
  | Pick<Failed, 'status' | 'failure'>;

/** What is known of the attempts to settle a task. */
type Attempts = {
  /** The error with which the state before this one ended. */
  readonly error?: CaughtError | undefined;
  /** No attempt before this one can have copied images. */
  readonly isFirst?: boolean;
};

/**
 * Ends a task, whatever its outcome is: copies its images, charges what was made and returns the rest.
 * Settling twice changes nothing, and returns `undefined` the second time.
 * @throws {ResultUnavailable} when an image could not be fetched, so that the state is retried. When the
 *   retries are over, the state machine calls this once more with that error: then the image counts as
 *   not made.
 * @throws {OutcomeMissing} when a provider has the job and its outcome is not known: our own errors never fail such a task
 */
export const settleTask =
  ({ tasks, releaseSlot, ...deps }: Deps & SlotDeps) =>
  async (taskId: string, error?: CaughtError): Promise<Settled | undefined> => {
    const task = await tasks.findRecord(taskId);
    if (!task) throw new Error(`${taskId} does not exist`);
    if (isDeleted(task)) return undefined;
    const settled = isEnded(task) ? undefined : await settleActive(deps)(task, { error });
    await releaseSlot(task); // also for an ended task: an earlier run may have crashed after its settlement
    return settled;
  };

type SlotDeps = {
  readonly tasks: Pick<TaskStore, 'findRecord'>;
  /** Frees the slot of a task. It does not fail: the reconciler frees it again. */
  readonly releaseSlot: (task: TaskState) => Promise<void>;
};

/** Ends a task that was just read, as `settleTask` does. @throws what `settleTask` throws */
export const settleActive =
  (deps: Deps) =>
  async (task: ActiveTask, attempts: Attempts = {}): Promise<Settled | undefined> => {
    const ending = await endingOf(deps, task, attempts);
    const ended = await deps.ledger.settle(endedTask(deps, task, ending));
    return ended && { task, ended };
  };

async function endingOf(
  { results }: Deps,
  task: ActiveTask,
  { error, isFirst = false }: Attempts,
): Promise<Ending> {
  const { outcome } = task;
  if (!outcome) {
    if (task.status === 'processing') throw new OutcomeMissing(`${task.id} is at its provider`);
    return { status: 'failed', failure: failureFrom(task, error) };
  }
  if (outcome.state === 'failed') return { status: 'failed', failure: outcome.failure };
  const retriesAreOver = error?.Error === ResultUnavailable.code;
  return collectImages(results, task, limitImages(task.n, outcome.images), {
    retriesAreOver,
    isFirst,
  });
}

// Images.

/**
 * The images that a provider reports, limited to those of a task of `n` images: never more than `n`, images before
 * failures, each in its order. A URL that is too long counts as an image that cannot be fetched.
 */
export function limitImages(
  n: number,
  generated: readonly GeneratedImage[],
): readonly GeneratedImage[] {
  if (generated.length <= n && !generated.some(isTooLong)) return generated;
  const images = generated.filter((one) => !('code' in one)).slice(0, n);
  const failed = generated.filter((one) => 'code' in one).slice(0, n - images.length);
  return [...images, ...failed].map((one) => (isTooLong(one) ? failures.resultUnavailable : one));
}

const isTooLong = (one: GeneratedImage): boolean =>
  'url' in one && one.url.length > maxSignedUrlLength;

/** Copies the images into our bucket. @throws {ResultUnavailable} unless the retries are over */
async function collectImages(
  results: Deps['results'],
  task: ActiveTask,
  generated: readonly GeneratedImage[],
  { retriesAreOver, isFirst }: { readonly retriesAreOver: boolean; readonly isFirst: boolean },
): Promise<Ending> {
  // A settlement that crashed may have copied some images, and the provider may have deleted those since.
  const stored = isFirst ? undefined : await results.stored(task.id);
  // All downloads are awaited: Lambda freezes a function that has returned, even in the middle of a download.
  const copies = await Promise.allSettled(
    generated.map(async (image, index): Promise<Image | Failure> => {
      if ('code' in image) return image;
      try {
        return stored?.get(index + 1) ?? (await storeImage(results, task, index + 1, image));
      } catch (error) {
        if (retriesAreOver && error instanceof ResultUnavailable) return failures.resultUnavailable;
        throw error;
      }
    }),
  );
  const failed = copies.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  const collected = copies.flatMap((result) =>
    result.status === 'fulfilled' ? [result.value] : [],
  );
  const images = collected.filter((one) => 'key' in one);
  const missing = collected.filter((one) => 'code' in one);
  return images.length > 0
    ? { status: 'completed', images, failures: missing }
    : { status: 'failed', failure: missing[0] ?? failures.noImage };
}

/** Copies one image into our bucket. */
function storeImage(
  results: Deps['results'],
  { id, prepared }: ActiveTask,
  n: number,
  image: Exclude<GeneratedImage, Failure>,
): Promise<Image> {
  if ('url' in image) return results.store(id, n, image.url);
  const format = prepared?.formats[image.input];
  if (!format) throw new Error(`${id} has no copy of its input ${image.input}`);
  return results.storeInput(id, n, { index: image.input, format }, sandboxOutput);
}

// The record.

/** After this time the callback attempts of the workflow are over, and the reconciler checks the callback. */
const callbackGraceMs = 2 * 60 * 1000;

function endedTask({ now, retentionDays }: Deps, task: ActiveTask, ending: Ending): EndedTask {
  const finishedAt = now();
  const made = ending.status === 'completed' ? ending.images.length : 0;
  const charged = (task.reserved / task.n) * made;
  return {
    ...lastingFields(task),
    ...(task.callbackUrl !== undefined && {
      callback: { state: 'pending', attempts: 0 },
      nextCheckAt: finishedAt + callbackGraceMs,
    }),
    finishedAt,
    expiresAt: expiryOf(finishedAt, retentionDays),
    charged,
    ...ending,
  };
}

/**
 * The fields of a task that outlast its workflow. The others belong to the workflow that is over: the outcome, the
 * submit lock, the task token and when to check the task.
 */
const lastingFields = (task: ActiveTask) => ({
  id: task.id,
  account: task.account,
  keyId: task.keyId,
  keyName: task.keyName,
  userGroup: task.userGroup,
  model: task.model,
  n: task.n,
  uploadCount: task.uploadCount,
  callbackUrl: task.callbackUrl,
  createdAt: task.createdAt,
  reserved: task.reserved,
  reservedIn: task.reservedIn,
  arrived: task.arrived,
  startedAt: task.startedAt,
  prepared: task.prepared,
  queuedAt: task.queue?.since,
  generatedAt: task.outcome?.state === 'succeeded' ? task.outcomeAt : undefined,
  deadlineAt: task.deadlineAt,
  execution: task.execution,
  cancelledAt: task.cancelledAt,
  provider: task.provider,
  lane: task.lane,
  slot: task.slot,
  typicalSeconds: task.typicalSeconds,
  // With these an operator finds the job at its provider.
  ...(task.status === 'processing' && { ticket: task.ticket, submittedAt: task.submittedAt }),
});

// The reason of the failure of a task without an outcome.

function failureFrom({ cancelledAt }: ActiveTask, error: CaughtError | undefined): Failure {
  if (cancelledAt !== undefined) return failures.cancelled;
  switch (error?.Error) {
    case InputUnavailable.code: {
      const { code, message } = failures.inputUnavailable;
      return { code, message: publicMessage(error.Cause) ?? message };
    }
    case ProviderBusy.code:
      return failures.providerBusy;
    default:
      return failures.internal;
  }
}

const LambdaCause = z.object({ errorMessage: z.string() });

// The message of an InputUnavailable is written for the caller: it says which picture it is.
function publicMessage(cause = ''): string | undefined {
  try {
    return LambdaCause.parse(JSON.parse(cause)).errorMessage;
  } catch {
    return undefined;
  }
}
