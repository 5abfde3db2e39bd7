import type * as z from 'zod';
import { statusProblem } from '../model/receiver-response.ts';
import {
  type CallbackAttempt,
  type CallbackRecord,
  copiesExpireAt,
  type EndedTask,
  type Input,
  isEnded,
  type Task,
  type TaskState,
} from '../model/task.ts';
import type * as schemas from './story-schemas.ts';

type Body<Schema extends z.ZodType> = z.input<Schema>;

/** What the story of a task needs beside the task. */
export type StoryContext = {
  /** The last attempts to deliver its callback, where they were read. */
  readonly attempts?: readonly CallbackAttempt[] | undefined;
  /** Links to the private copies of its inputs, by their index. */
  readonly inputLinks?: readonly string[] | undefined;
  /** Links to the thumbnails of its pictures, if they were requested. */
  readonly thumbnails?: Body<typeof schemas.Thumbnails> | undefined;
};

/** The request, what has happened when, and the state of the callback. Only the account of the task sees it. */
export const storyView = (task: Task, { attempts, inputLinks = [], thumbnails }: StoryContext) => ({
  request: requestView(task, inputLinks),
  key: keyView(task),
  events: eventsOf(task, attempts),
  ...(task.callbackUrl !== undefined && {
    callback: callbackView(task, task.callbackUrl, attempts),
  }),
  ...(thumbnails && { thumbnails }),
});

export const keyView = ({ keyId, keyName }: TaskState): Body<typeof schemas.TaskKey> => ({
  id: keyId,
  name: keyName ?? null,
});

const requestView = (
  { prompt, n, inputs, options }: Task,
  inputLinks: readonly string[],
): Body<typeof schemas.TaskRequest> => ({
  prompt,
  negative_prompt: options.negativePrompt,
  inputs: inputs.map((input, index) => inputView(input, inputLinks[index])),
  n,
  size: options.size,
  seed: options.seed,
  prompt_extend: options.promptExtend,
  watermark: options.watermark,
});

function inputView(input: Input, link: string | undefined): Body<typeof schemas.TaskInput> {
  switch (input.kind) {
    case 'url':
      return { type: 'url', url: input.url, link };
    case 'file':
      return { type: 'file', file_id: input.fileId, link };
    case 'upload':
      return { type: 'upload', content_type: input.contentType, link };
    default:
      return input satisfies never;
  }
}

type EventType = (typeof schemas.eventTypes)[number];
type Happened = readonly [type: EventType, at: number | undefined];

/** What has happened to a task, by the times that are stored with it, the earliest first. */
function eventsOf(
  task: TaskState,
  attempts: readonly CallbackAttempt[] = [],
): Body<typeof schemas.TaskEvent>[] {
  const happened: readonly Happened[] = [
    ['created', task.createdAt],
    ['started', task.startedAt],
    ['inputs_checked', task.prepared?.at],
    ['queued', isEnded(task) ? task.queuedAt : task.queue?.since],
    ['submitted', 'submittedAt' in task ? task.submittedAt : undefined],
    ['cancel_requested', task.cancelledAt],
    ['generated', generatedAt(task)],
    ...(isEnded(task) ? endingOf(task) : []),
    ...attempts.map(({ at }): Happened => ['callback_attempted', at]),
  ];
  return happened
    .flatMap(([type, at]) => (at === undefined ? [] : { type, at: at / 1000 }))
    .sort((a, b) => a.at - b.at); // events of the same time stay in this order
}

function generatedAt(task: TaskState): number | undefined {
  if (isEnded(task)) return task.generatedAt;
  return task.outcome?.state === 'succeeded' ? task.outcomeAt : undefined;
}

/** The images are stored and the credits are moved at one time: when the task is settled. */
const endingOf = (task: EndedTask): readonly Happened[] => [
  ...(task.status === 'completed'
    ? ([
        ['stored', task.finishedAt],
        ['charged', task.finishedAt],
      ] as const)
    : ([['failed', task.finishedAt]] as const)),
  ['returned', task.charged < task.reserved ? task.finishedAt : undefined],
];

const unsent: CallbackRecord = { state: 'pending', attempts: 0 };

function callbackView(
  task: TaskState,
  url: string,
  attempts: readonly CallbackAttempt[] | undefined,
): Body<typeof schemas.TaskCallback> {
  const ended = isEnded(task) ? task : undefined;
  const { state, lastStatus } = ended?.callback ?? unsent;
  return {
    url,
    status: state,
    attempt_count: ended?.callbackAttempts ?? 0,
    last_status: lastStatus ?? null,
    next_attempt_at: nextAttemptAt(ended),
    ...(attempts && { attempts: attempts.map(attemptView) }),
  };
}

/** By when the next attempt to deliver a callback is made, in unix seconds. */
export const nextAttemptAt = (ended: EndedTask | undefined): number | null =>
  ended?.callback?.state === 'retrying' && ended.nextCheckAt !== undefined
    ? Math.ceil(ended.nextCheckAt / 1000)
    : null;

export function attemptView({ at, milliseconds, status, reason, text }: CallbackAttempt) {
  const problem = status === undefined ? reason : statusProblem(status);
  return {
    at: at / 1000,
    ms: milliseconds,
    status: status ?? null,
    reason: problem === undefined ? null : `callback_url ${problem}`,
    response_text: text ?? null,
  };
}

type LinkFor = (
  taskId: string,
  index: number,
  format: NonNullable<Task['prepared']>['formats'][number],
) => Promise<string>;

/** Links to the private copies of the inputs of a task, as long as the bucket has them. */
export const inputLinksOf =
  (linkFor: LinkFor) =>
  async (task: TaskState, now: number): Promise<readonly string[]> => {
    const { id, prepared } = task;
    if (!prepared || now >= (copiesExpireAt(task) ?? 0)) return [];
    return Promise.all(prepared.formats.map((format, index) => linkFor(id, index, format)));
  };
