import * as z from 'zod';
import { InputUnavailable, ProviderBusy, ResultUnavailable } from './failures.ts';
import type { Clock, Ledger, Results, Tasks } from './ports.ts';
import {
  cancelled,
  type Ended,
  type Failure,
  type Image,
  isEnded,
  type Outcome,
  type Painted,
  type Running,
} from './task.ts';

/** The error that led here, as Step Functions words it. */
export const CaughtError = z.object({ Error: z.string(), Cause: z.string().optional() });
export type CaughtError = z.output<typeof CaughtError>;

type Needs = {
  readonly tasks: Tasks;
  readonly ledger: Pick<Ledger, 'settle'>;
  readonly results: Pick<Results, 'keep'>;
  readonly now: Clock;
};

/** The task as it was, and how it has ended. */
export type Settled = { readonly task: Running; readonly ended: Ended };

/**
 * Ends a task, whatever became of it: copies its images, charges what was made and returns the rest.
 * Doing it twice changes nothing, and answers nothing.
 * @throws {ResultUnavailable} when an image could not be fetched; led here by that very error, it
 *   counts the image as not made instead
 */
export const settleTask =
  (needs: Needs) =>
  async (taskId: string, error?: CaughtError): Promise<Settled | undefined> => {
    const task = await needs.tasks.find(taskId);
    if (!task) throw new Error(`${taskId} is not there`);
    if (isEnded(task)) return undefined;
    const outcome = task.outcome ?? { state: 'failed', failure: failureFrom(task, error) };
    const ended = await needs.ledger.settle(owing(await ending(needs, task, outcome, error)));
    return ended && { task, ended };
  };

/** When somebody looks whether the caller was told: by then the workflow's own attempts are over. */
const toldByMs = 2 * 60 * 1000;

const owing = (task: Ended): Ended =>
  task.callbackUrl === undefined
    ? task
    : { ...task, callback: { state: 'owed', attempts: 0 }, dueAt: task.finishedAt + toldByMs };

async function ending(
  { results, now }: Needs,
  task: Running,
  outcome: Outcome,
  error: CaughtError | undefined,
): Promise<Ended> {
  if (outcome.state === 'failed') return failed(task, now(), outcome.failure);
  const lenient = error?.Error === ResultUnavailable.code;
  const made = await Promise.all(
    outcome.images.map((image, index) => keep(results, task.id, index + 1, image, lenient)),
  );
  return completed(task, now(), made);
}

type Made = { readonly image: Image } | { readonly failure: Failure };

async function keep(
  results: Needs['results'],
  taskId: string,
  n: number,
  painted: Painted,
  lenient: boolean,
): Promise<Made> {
  if (!('url' in painted)) return { failure: painted };
  try {
    return { image: await results.keep(taskId, n, painted.url) };
  } catch (error) {
    if (!lenient || !(error instanceof ResultUnavailable)) throw error;
    const message = 'The image was made and could not be fetched from the provider.';
    return { failure: { code: 'service_error', message } };
  }
}

function completed(task: Running, finishedAt: number, made: readonly Made[]): Ended {
  const images = made.flatMap((one) => ('image' in one ? [one.image] : []));
  const failures = made.flatMap((one) => ('failure' in one ? [one.failure] : []));
  if (images.length === 0) return failed(task, finishedAt, failures[0] ?? nothing);
  const charged = (task.reserved / task.n) * Math.min(images.length, task.n);
  return { ...common(task), status: 'completed', finishedAt, charged, images, failures };
}

const nothing: Failure = {
  code: 'generation_failed_no_content',
  message: 'The model made no image. Nothing was charged; try another prompt.',
};

const failed = (task: Running, finishedAt: number, failure: Failure): Ended => ({
  ...{ ...common(task), status: 'failed', finishedAt, charged: 0, failure },
});

// What only a running task has ends with it.
function common(task: Running) {
  const { outcome: _, wakeToken: __, submittingAt: ___, dueAt: ____, ...kept } = task;
  const { wording: _____, refusals: ______, calledBackAt: _______, ...others } = kept;
  const { outcomeAt: ________, ...rest } = others;
  return rest;
}

const LambdaCause = z.object({ errorMessage: z.string() });

function failureFrom({ cancelledAt }: Running, error: CaughtError | undefined): Failure {
  if (cancelledAt !== undefined) return cancelled;
  if (error?.Error === InputUnavailable.code) {
    const message = publicMessage(error.Cause) ?? 'An input image could not be fetched.';
    return { code: 'image_processing_error', message };
  }
  if (error?.Error === ProviderBusy.code) {
    const message = 'The provider has no capacity now. Nothing was charged; send it again later.';
    return { code: 'resource_exhausted', message };
  }
  const message = 'Something went wrong on our side. Nothing was charged; send the task again.';
  return { code: 'service_error', message };
}

// The message of an InputUnavailable is written for the caller: it says which picture.
function publicMessage(cause = ''): string | undefined {
  try {
    return LambdaCause.parse(JSON.parse(cause)).errorMessage;
  } catch {
    return undefined;
  }
}
