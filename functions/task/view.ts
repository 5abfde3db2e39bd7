import { type Model, models } from './models.ts';
import { toCredits } from './money.ts';
import {
  type CallbackRecord,
  canCancel,
  type Failure,
  type Running,
  type Summary,
  type Task,
} from './task.ts';

/** What an answer about a task needs beside the task. */
export type Surroundings = {
  readonly now: number;
  /** What a task like this usually takes. */
  readonly usualSeconds: number;
  /** The link to result `n`, counted from 1. */
  readonly resultLink: (n: number) => string;
};

/** A form to upload one picture with, as callers see it. */
export type UploadForm = {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly expiresAt: number;
};

/** The answer to a new task, or to its repetition: the published fields, and the forms for promised uploads. */
export const createdView = (
  task: Task,
  { now, usualSeconds }: Pick<Surroundings, 'now' | 'usualSeconds'>,
  uploads: readonly UploadForm[],
) => ({
  ...identity(task),
  progress: progressOf(task, now, usualSeconds),
  status: task.status,
  task_info: { can_cancel: canCancel(task), estimated_time: usualSeconds },
  usage: usageOf(task),
  ...(uploads.length > 0 && { uploads: uploads.map(uploadView) }),
});

/** The answer to "how is my task?", also the body of callbacks. */
export const taskView = (task: Task, { now, usualSeconds, resultLink }: Surroundings) => ({
  ...identity(task),
  progress: progressOf(task, now, usualSeconds),
  status: task.status,
  ...(task.status === 'completed' && {
    results: task.images.map((_, index) => resultLink(index + 1)),
    ...(task.failures.length > 0 && { result_errors: task.failures.map(errorView) }),
  }),
  ...(task.status === 'failed' && { error: errorView(task.failure) }),
  task_info: { can_cancel: canCancel(task) },
  usage: usageOf(task),
  ...(task.callbackUrl !== undefined && { callback: callbackView(task) }),
});

const callbackView = (task: Task) => {
  const { state, attempts, lastStatus }: CallbackRecord = ('callback' in task && task.callback) || {
    state: 'owed',
    attempts: 0,
  };
  return {
    status: state === 'owed' ? 'pending' : state,
    attempts,
    last_status: lastStatus ?? null,
  };
};

/** The same for a task that has not ended, and so has no results to link to. */
export const runningView = (task: Running, now: number, usualSeconds: number) =>
  taskView(task, { now, usualSeconds, resultLink: () => '' });

/** A task in a list: without prompt, results and links. Times in seconds. */
export const summaryView = (task: Summary, now: number, usualSeconds: number) => {
  const { id, model, status, createdAt, finishedAt, charged, images = [] } = task;
  return {
    ...{ id, model, type: 'image', status, progress: progressOf(task, now, usualSeconds) },
    created_at: Math.floor(createdAt / 1000),
    duration: finishedAt === undefined ? null : Math.round((finishedAt - createdAt) / 1000),
    has_results: images.length > 0,
    result_count: images.length,
    has_error: status === 'failed',
    credits_used: charged === undefined ? null : toCredits(charged),
  };
};

export const uploadView = ({ url, fields, expiresAt }: UploadForm) => ({
  ...{ method: 'POST', url, fields, expires_at: Math.floor(expiresAt / 1000) },
});

/** The answer of `GET /v1/models`. */
export const modelsView = () => ({ object: 'list', data: models.map(modelView) });

const modelView = (model: Model) => ({
  id: model.id,
  object: 'model',
  type: 'image',
  credits_per_image: toCredits(model.milliCreditsPerImage),
  limits: {
    images: model.maxImages,
    n: model.maxN,
    prompt_characters: model.maxPromptCodePoints,
    image_bytes: model.image.maxBytes,
    side_pixels: [model.image.minSide, model.image.maxSide],
  },
});

const identity = (task: Task) => ({
  created: Math.floor(task.createdAt / 1000),
  id: task.id,
  model: task.model,
  object: 'image.generation.task',
  type: 'image',
  ...(task.metadata && { metadata: task.metadata }),
});

const usageOf = (task: Task) => ({
  billing_rule: 'per_call',
  ...('charged' in task
    ? { credits_used: toCredits(task.charged) }
    : { credits_reserved: toCredits(task.reserved) }),
  user_group: task.userGroup,
});

const errorView = ({ code, message }: Failure) => ({ code, message, type: 'task_error' });

type Started = Pick<Summary, 'status' | 'submittedAt' | 'expectedSeconds'>;

// Honest: the provider tells no progress, so it is time against the time that was usual when the
// provider took it, which does not change any more, and 100 only when it is done.
function progressOf(task: Started, now: number, usualSeconds: number): number {
  if (task.status === 'completed') return 100;
  if (task.status !== 'processing') return 0;
  const share = (now - (task.submittedAt ?? now)) / ((task.expectedSeconds ?? usualSeconds) * 1000);
  return Math.round(5 + 90 * Math.min(1, Math.max(0, share)));
}
