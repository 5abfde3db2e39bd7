import type * as z from 'zod';
import { type Caller, hasScope } from '../model/api-key.ts';
import { sandbox } from '../model/catalogue.ts';
import { isTest } from '../model/mode.ts';
import { toCredits } from '../model/money.ts';
import {
  type ActiveTask,
  type Completed,
  canCancel,
  type EndedTask,
  type ExpectedWait,
  type Failed,
  type Failure,
  isEnded,
  isQueued,
  maxPromptStart,
  type QueuedTask,
  type Task,
  type TaskState,
  uploadFormMs,
  type WithRequest,
} from '../model/task.ts';
import type { QueueEstimate } from '../providers/queue-position.ts';
import { keyView, type StoryContext, storyView } from './story.ts';
import type * as schemas from './task-schemas.ts';

type Body<Schema extends z.ZodType> = z.input<Schema>;

/** What a response about a task needs beside the task. */
export type ViewContext = {
  readonly now: number;
  /** How many seconds a task like this one typically takes. */
  readonly typicalSeconds: number;
  /** Where the task stands in the queue, if it waits there and the queue was read. */
  readonly queued?: QueueEstimate | undefined;
  /** The link to result `n`, counted from 1. */
  readonly resultLink: (n: number) => string;
  /** Forms for the uploads that the task waits for. */
  readonly uploads?: readonly TaskUploadForm[];
} & StoryContext;

/** A form to upload one picture with. `expiresAt` is in milliseconds. */
export type UploadForm = {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly expiresAt: number;
};

/** Such a form, and which of the pictures of `image_uploads` it is for. */
export type TaskUploadForm = UploadForm & { readonly index: number };

/**
 * The response to a new task, or to a repeated request for it: the published fields, the forms for promised uploads, and
 * a warning for each field of the request that was ignored.
 */
export const createdView = (
  task: Task,
  { now, typicalSeconds, queued }: Pick<ViewContext, 'now' | 'typicalSeconds' | 'queued'>,
  uploads: readonly TaskUploadForm[],
  ignored: readonly string[] = [],
): Body<typeof schemas.CreatedTask> => ({
  ...identity(task),
  progress: progressOf(task, now, typicalSeconds),
  status: task.status,
  task_info: {
    can_cancel: canCancel(task),
    ...positionOf(queued),
    estimated_time: secondsLeft(task, now, typicalSeconds, queued),
  },
  usage: 'charged' in task ? charged(task) : reserved(task),
  ...(uploads.length > 0 && { uploads: uploads.map(taskUploadView) }),
  ...(ignored.length > 0 && { warnings: ignored.map((field) => warningView(task, field)) }),
});

const warningView = ({ model }: Task, field: string): Body<typeof schemas.Warning> => ({
  param: field,
  message: `${model} has no field ${field}: it was ignored.`,
});

/** A task as its caller reads it. */
export function taskView(task: Task, context: ViewContext): Body<typeof schemas.Task> {
  switch (task.status) {
    case 'pending':
    case 'processing':
      return activeTaskView(task, context);
    case 'completed':
    case 'failed':
      return endedTaskView(task, context);
    default:
      return task satisfies never;
  }
}

/** A task that has not ended, and so has no results to link to. */
export const activeTaskView = (
  task: WithRequest<ActiveTask>,
  { now, typicalSeconds, queued, uploads = [], ...story }: Omit<ViewContext, 'resultLink'>,
): Body<typeof schemas.ActiveTask> => ({
  ...identity(task),
  progress: progressOf(task, now, typicalSeconds),
  status: task.status,
  ...startTimes(task),
  completed_at: null,
  expires_at: null,
  task_info: {
    can_cancel: canCancel(task),
    ...(task.cancelledAt === undefined
      ? {
          ...positionOf(queued),
          estimated_time: secondsLeft(task, now, typicalSeconds, queued),
        }
      : { cancel_requested: true }),
  },
  usage: reserved(task),
  ...storyView(task, story),
  ...(uploads.length > 0 && { uploads: uploads.map(taskUploadView) }),
});

type EndedContext = Pick<ViewContext, 'resultLink'> & StoryContext;

/** A task that has ended. */
export const endedTaskView = (
  task: WithRequest<EndedTask>,
  context: EndedContext,
): Body<typeof schemas.EndedTask> =>
  task.status === 'completed'
    ? { ...completedBody(task, context), ...storyView(task, context) }
    : { ...failedBody(task), ...storyView(task, context) };

/**
 * The body of the callback of a task: how it ended, without its story. A receiver does not need the request, and knows the
 * state of its callback.
 */
export const callbackBody = (
  task: WithRequest<EndedTask>,
  context: Pick<ViewContext, 'resultLink'>,
): Body<typeof schemas.CallbackBody> =>
  task.status === 'completed' ? completedBody(task, context) : failedBody(task);

/** The body of the callback of a completed task. */
export const completedBody = (
  task: WithRequest<Completed>,
  { resultLink }: Pick<ViewContext, 'resultLink'>,
): Body<typeof schemas.CompletedCallback> => ({
  ...identity(task),
  progress: 100,
  status: 'completed',
  ...endTimes(task),
  results: task.images.map((_, index) => resultLink(index + 1)),
  ...(task.failures.length > 0 && { result_errors: task.failures.map(errorView) }),
  task_info: { can_cancel: false },
  usage: charged(task),
});

const failedBody = (task: WithRequest<Failed>): Body<typeof schemas.FailedCallback> => ({
  ...identity(task),
  progress: 0,
  status: 'failed',
  ...endTimes(task),
  error: errorView(task.failure),
  task_info: { can_cancel: false },
  usage: charged(task),
});

const startTimes = ({ createdAt, startedAt }: TaskState) => ({
  created_at: inSeconds(createdAt),
  started_at: startedAt === undefined ? null : inSeconds(startedAt),
});

const endTimes = (task: EndedTask) => ({
  ...startTimes(task),
  completed_at: inSeconds(task.finishedAt),
  expires_at: task.expiresAt === undefined ? null : inSeconds(task.expiresAt),
});

const inSeconds = (at: number): number => Math.floor(at / 1000);

/** A task in a list: without results and links, and with the beginning of its prompt. Times in seconds. */
export const summaryView = (
  task: Task,
  now: number,
  typicalSeconds: number,
): Body<typeof schemas.TaskSummary> => {
  const { id, model, status, createdAt, metadata } = task;
  const ended = isEnded(task) ? task : undefined;
  const images = task.status === 'completed' ? task.images : [];
  return {
    id,
    model,
    type: 'image',
    status,
    progress: progressOf(task, now, typicalSeconds),
    created_at: inSeconds(createdAt),
    duration: ended ? Math.round((ended.finishedAt - createdAt) / 1000) : null,
    has_results: images.length > 0,
    result_count: images.length,
    has_error: status === 'failed',
    credits_reserved: toCredits(task.reserved),
    credits_used: ended ? toCredits(ended.charged) : null,
    livemode: !isTest(task),
    prompt_start: [...task.prompt].slice(0, maxPromptStart).join(''),
    ...(metadata && { metadata }),
    key: keyView(task),
  };
};

export const uploadView = ({
  url,
  fields,
  expiresAt,
}: UploadForm): Body<typeof schemas.Upload> => ({
  method: 'POST',
  url,
  fields,
  expires_at: Math.floor(expiresAt / 1000),
});

const taskUploadView = ({ index, ...form }: TaskUploadForm): Body<typeof schemas.TaskUpload> => ({
  ...uploadView(form),
  index,
});

const identity = (task: Task) => ({
  created: Math.floor(task.createdAt / 1000),
  id: task.id,
  model: task.model,
  object: 'image.generation.task' as const,
  type: 'image' as const,
  livemode: !isTest(task),
  ...(task.provider === sandbox && { sandbox: true as const }),
  ...(task.metadata && { metadata: task.metadata }),
});

const reserved = (task: TaskState) => ({
  billing_rule: 'per_call' as const,
  credits_reserved: toCredits(task.reserved),
  user_group: task.userGroup,
});

const charged = (task: EndedTask) => ({
  billing_rule: 'per_call' as const,
  credits_reserved: toCredits(task.reserved),
  credits_used: toCredits(task.charged),
  credits_returned: toCredits(task.reserved - task.charged),
  user_group: task.userGroup,
});

const errorView = ({ code, message }: Failure): Body<typeof schemas.TaskError> => ({
  code,
  message,
  type: 'task_error',
});

const positionOf = (queued: QueueEstimate | undefined) =>
  queued && { queue_position: queued.position };

/** In how many seconds a task is expected to have ended, its wait for a slot included. */
function secondsLeft(
  task: TaskState,
  now: number,
  typicalSeconds: number,
  queued: QueueEstimate | undefined,
): number {
  if (task.status === 'processing') {
    const elapsed = (now - task.submittedAt) / 1000;
    return Math.max(1, Math.ceil((task.typicalSeconds ?? typicalSeconds) - elapsed));
  }
  const expected = queued ?? (isQueued(task) ? expectedFrom(task, now) : undefined);
  const seconds = expected ? expected.waitSeconds + expected.jobSeconds : typicalSeconds;
  return Math.max(1, Math.ceil(seconds));
}

/** The rest of the wait that was expected when the task began to wait: a guess, used when the queue was not read. */
function expectedFrom({ queue }: QueuedTask, now: number): ExpectedWait | undefined {
  if (!queue.expected) return undefined;
  const { waitSeconds, jobSeconds } = queue.expected;
  return { waitSeconds: Math.max(0, waitSeconds - (now - queue.since) / 1000), jobSeconds };
}

/** The progress when a provider has accepted the job, and the largest one before the task is completed. */
const progressBounds = { submitted: 5, max: 95 };

// Providers report no progress, so it is estimated: from the elapsed time, the wait that was expected when the task began to
// wait, and the duration that was typical when the provider accepted the job. Both are fixed, so progress never goes back.
// It is 100 only when the task is completed.
function progressOf(task: TaskState, now: number, typicalSeconds: number): number {
  if (task.status === 'completed') return 100;
  if (task.status === 'pending') return Math.round(queueProgress(task, now));
  if (task.status !== 'processing') return 0;
  const { submitted, max } = progressBounds;
  const start = submitted + queueProgress(task, task.submittedAt);
  const elapsed = now - task.submittedAt;
  const share = elapsed / ((task.typicalSeconds ?? typicalSeconds) * 1000);
  return Math.round(start + (max - start) * within01(share));
}

/** The progress of a task that waits for a slot, or waited for one: the wait counts by its share of the expected time. */
function queueProgress({ queue }: ActiveTask, at: number): number {
  if (!queue?.expected) return 0;
  const { waitSeconds, jobSeconds } = queue.expected;
  const share = waitSeconds / (waitSeconds + Math.max(1, jobSeconds));
  const elapsed = (at - queue.since) / 1000 / Math.max(1, waitSeconds);
  return (progressBounds.max - progressBounds.submitted) * share * within01(elapsed);
}

const within01 = (share: number): number => Math.min(1, Math.max(0, share));

type FormFor = (
  taskId: string,
  index: number,
  contentType: string,
  expiresAt: number,
) => Promise<UploadForm>;

/**
 * The forms for the uploads of a task that have not arrived yet. A repeated request gets forms that expire with the
 * first ones, and none after that: then the reconciler checks what has arrived.
 */
export const uploadsOf =
  (formFor: FormFor) =>
  async (task: Task, now: number): Promise<readonly TaskUploadForm[]> => {
    const expiresAt = task.createdAt + uploadFormMs;
    if (isEnded(task) || now >= expiresAt) return [];
    return Promise.all(
      task.inputs.flatMap((input, index) =>
        input.kind === 'upload' && !task.arrived?.has(index)
          ? [withIndex(index, formFor(task.id, index, input.contentType, expiresAt))]
          : [],
      ),
    );
  };

/**
 * The same, but only for a key that may create tasks: a form lets its holder upload, which a key that only reads must not
 * do.
 */
export const uploadsFor =
  (formFor: FormFor) =>
  async (
    { scopes }: Pick<Caller, 'scopes'>,
    task: Task,
    now: number,
  ): Promise<readonly TaskUploadForm[]> =>
    hasScope(scopes, 'generate') ? uploadsOf(formFor)(task, now) : [];

const withIndex = async (index: number, form: Promise<UploadForm>): Promise<TaskUploadForm> => ({
  ...(await form),
  index,
});
