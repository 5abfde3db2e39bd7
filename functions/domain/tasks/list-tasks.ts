import * as z from 'zod';
import { type ModelAliases, modelNamed, models } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { type CursorKey, isKeyId, isTaskId, maxPageSize } from '../model/ids.ts';
import {
  type CallbackAttempt,
  type EndedTask,
  isEnded,
  statuses,
  type Task,
  type TaskRequest,
  type TaskState,
} from '../model/task.ts';
import {
  cursorKeySchema,
  cursorSchema,
  formatCursorKey,
  pageResponse,
  pageSizeSchema,
  unixSecondsSchema,
} from '../wire/cursor.ts';
import { summaryView } from '../wire/view.ts';
import { hasExpired } from './retention.ts';

type Deps = {
  readonly history: TaskHistory;
  readonly now: Clock;
  readonly typicalSeconds: (task: TaskState) => number;
};

/** An account's tasks, the newest first, a page at a time and without links to results. */
export const listTasks =
  ({ history, now, typicalSeconds }: Deps) =>
  async (request: ListRequest, account: string) => {
    const { size, page } = request;
    const before = page === undefined ? 0 : (page - 1) * size;
    const read = await readTasks(history, account, request, {
      limit: before + size,
      now: now(),
      maxReads: page === undefined ? undefined : maxNumberedReads,
    });
    const tasks = await withRequests(history, { ...read, tasks: read.tasks.slice(before) });
    const list = pageResponse(
      tasks.map((task) => summaryView(task, now(), typicalSeconds(task))),
      read.next && formatCursorKey(read.next),
    );
    if (page === undefined) return list;
    // The tasks of an account are not counted. With a total of one more than are known, a client asks for the next page.
    // A page that is not full is the last one with a number: the next one would read the same tasks.
    const hasNextPage = read.next !== undefined && read.tasks.length === before + size;
    const total = read.tasks.length + (hasNextPage ? 1 : 0);
    return { ...list, page, page_size: size, total };
  };

/**
 * The tasks with their requests. Unless the filter needed the requests, they are read only for the tasks of this page,
 * however many tasks were read.
 */
async function withRequests(
  history: TaskHistory,
  { tasks: states, requests: known }: TaskPage,
): Promise<readonly Task[]> {
  const requests = known ?? (await history.findRequests(states.map(({ id }) => id)));
  return states.flatMap((state) => {
    const request = requests.get(state.id); // without it the task was deleted a moment ago
    return request ? { ...state, ...request } : [];
  });
}

async function readTasks(
  history: TaskHistory,
  account: string,
  { type, cursor, status, model, key, text, created_after, created_before }: ListRequest,
  { limit, now, maxReads }: Pick<ListOptions, 'limit' | 'now' | 'maxReads'>,
): Promise<TaskPage> {
  if (type !== 'image') return { tasks: [] };
  return readPage(history, account, {
    limit,
    maxReads,
    status,
    model,
    key,
    text,
    after: cursor,
    from: created_after === undefined ? undefined : created_after * 1000,
    to: created_before === undefined ? undefined : created_before * 1000 - 1,
    now,
  });
}

/** Reads many tasks at once. */
export type TaskHistory = {
  /**
   * The positions of the tasks of an account in its list: by time of creation and then by id, both descending. The list
   * may be a moment old: a new task may be missing, and a deleted one may still be there.
   */
  positions(account: string, range: ListRange): Promise<readonly CursorKey[]>;
  /** The same for the tasks of all accounts that were created on a day (UTC), like 2026-11-22. Deleted ones are included. */
  positionsOfDay(day: string, range: ListRange): Promise<readonly CursorKey[]>;
  /** The same for the tasks of an account whose callback was given up, by the time of that instead of the creation. */
  undelivered(account: string, range: ListRange): Promise<readonly CursorKey[]>;
  /** The states of the tasks with these ids (at most 100) as they are now, in any order; an unknown id is left out. */
  findStates(ids: readonly string[]): Promise<readonly TaskState[]>;
  /** The requests of the tasks with these ids, of which there may be many. */
  findRequests(ids: readonly string[]): Promise<ReadonlyMap<string, TaskRequest>>;
  /** The last attempt to deliver the callback of each of these tasks (at most 100), by their ids. */
  findLastAttempts(
    tasks: readonly Pick<EndedTask, 'id' | 'callbackAttempts'>[],
  ): Promise<ReadonlyMap<string, CallbackAttempt>>;
  /** The states with their requests. */
  findAll(ids: readonly string[]): Promise<readonly Task[]>;
};

export type ListRange = {
  readonly limit: number;
  readonly after?: CursorKey | undefined;
  /** Both inclusive, in milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

export type ListOptions = ListRange & {
  readonly status?: ListedStatus | undefined;
  readonly model?: string | undefined;
  /** The id of the key that created the task. */
  readonly key?: string | undefined;
  /** A part of the prompt, in capital or small letters. */
  readonly text?: string | undefined;
  /** A task that has expired by then is left out. */
  readonly now: number;
  /** After so many reads the page may be short. */
  readonly maxReads?: number | undefined;
};

export type TaskPage = {
  readonly tasks: readonly TaskState[];
  /** The requests, by the ids of the tasks, if they had to be read to choose the tasks. */
  readonly requests?: ReadonlyMap<string, TaskRequest>;
  /** Where the next page starts, if there is one. */
  readonly next?: CursorKey | undefined;
};

// Only the task itself shows whether it belongs to the page, and only its request whether it has a text. So a page takes
// several reads if few tasks match. After this many reads beyond the least that it needs, the page may be short; its cursor
// still continues the list.
const maxFurtherReads = 4;

/** One page of an account's tasks, the newest first. */
export async function readPage(
  history: TaskHistory,
  account: string,
  options: ListOptions,
): Promise<TaskPage> {
  const { limit } = options;
  const tasks: TaskState[] = [];
  const requests = new Map<string, TaskRequest>();
  let next = options.after;
  const { maxReads = Math.ceil(limit / maxPageSize) + maxFurtherReads } = options;
  for (let reads = 0; reads < maxReads; reads += 1) {
    const count = isFiltered(options) || reads > 0 ? maxPageSize : Math.min(limit, maxPageSize);
    const read = await readNext(history, account, { ...options, limit: count, after: next });
    const listed = read.tasks.filter((task) => isListed(task, options));
    tasks.push(...(await withText(history, listed, options.text, requests)));
    next = read.next;
    if (!next || tasks.length >= limit) break;
  }
  const page = tasks.slice(0, limit);
  return {
    tasks: page,
    ...(options.text !== undefined && { requests }),
    // When more tasks were read than the page may have, the next page starts after the last task of this one.
    next: tasks.length > limit ? page.at(-1) : next,
  };
}

const isFiltered = ({ status, model, key, text }: ListOptions): boolean =>
  [status, model, key, text].some((filter) => filter !== undefined);

const isListed = (task: TaskState, { status, model, key, now }: ListOptions): boolean =>
  hasStatus(task, status) &&
  (model === undefined || task.model === model) &&
  (key === undefined || task.keyId === key) &&
  !hasExpired(task, now);

/** The tasks whose prompt has the text. Their requests are read for this, and put into `requests`. */
async function withText(
  history: TaskHistory,
  tasks: readonly TaskState[],
  text: string | undefined,
  requests: Map<string, TaskRequest>,
): Promise<readonly TaskState[]> {
  if (text === undefined || tasks.length === 0) return tasks;
  const wanted = foldCase(text);
  const read = await history.findRequests(tasks.map(({ id }) => id));
  return tasks.filter(({ id }) => {
    const request = read.get(id);
    if (!request || !foldCase(request.prompt).includes(wanted)) return false;
    requests.set(id, request);
    return true;
  });
}

/** Makes equal: capital and small letters, and an accent that is a character of its own or a part of its letter. */
const foldCase = (text: string): string => text.normalize('NFC').toLowerCase();

/**
 * Clients of the published API do not know `pending` in this filter: by `processing` they mean every task that has not
 * ended.
 */
function hasStatus(task: TaskState, status: ListedStatus | undefined): boolean {
  switch (status) {
    case undefined:
      return true;
    case 'processing':
      return !isEnded(task);
    case 'cancelled':
      return task.status === 'failed' && task.failure.code === 'request_cancelled';
    default:
      return task.status === status;
  }
}

/** The next tasks, before any filter. A task that was deleted a moment ago is left out, and the next page starts after it. */
async function readNext(
  history: TaskHistory,
  account: string,
  range: ListRange,
): Promise<TaskPage> {
  const { limit } = range;
  // One more than is read, to know whether there are more.
  const positions = await history.positions(account, { ...range, limit: limit + 1 });
  const ids = positions.slice(0, limit).map(({ id }) => id);
  const found = new Map((await history.findStates(ids)).map((task) => [task.id, task]));
  return {
    tasks: ids.flatMap((id) => found.get(id) ?? []),
    next: positions.length > limit ? positions[limit - 1] : undefined,
  };
}

/** The statuses that a list can be filtered by. A cancelled task is one that failed with `request_cancelled`. */
const listedStatuses = [...statuses, 'cancelled'] as const;
type ListedStatus = (typeof listedStatuses)[number];
/** The types of tasks in the published API. Here there are only images. */
const taskTypes = ['text', 'image', 'audio', 'video'] as const;
/** How many tasks there are up to the end of the last page with a number. */
export const maxNumberedTasks = 1000;
/**
 * How many reads a page with a number takes at most. It is the same number for all pages of a list, because a client that
 * only counts pages cannot continue with the cursor of a short one.
 */
const maxNumberedReads = maxNumberedTasks / maxPageSize + maxFurtherReads;
/** How many of the newest tasks are read for a page with a number. */
export const maxNumberedTasksRead = maxNumberedReads * maxPageSize;
const defaultPageSize = 20;
/** The longest text that a prompt can be searched for, in characters. */
export const maxSearchLength = 200;

const rules = {
  status: `status must be one of: ${listedStatuses.join(', ')}`,
  type: `type must be one of: ${taskTypes.join(', ')}`,
  model: `model must be one of: ${models.map(({ id }) => id).join(', ')}`,
  key: 'key must be the id of an API key',
  text: `text must be a text of 1 to ${maxSearchLength} characters`,
  createdAfter: 'created_after must be a time in unix seconds',
  createdBefore: 'created_before must be a time in unix seconds',
  page: 'page must be a whole number from 1 on',
  oneSize: 'page_size and limit are the same: send one of them',
  oneWay: 'page and cursor exclude each other: send one of them',
  tooFar: `page times page_size must be at most ${maxNumberedTasks}: read on with cursor, the next_cursor of the page before`,
  taskIds: 'task_ids must be a list of 1 to 50 task ids',
  thumbnails: 'thumbnails must be true or false',
} as const;

/**
 * The query of `GET /v1/tasks`, by `limit` and `cursor`, or by `page` and `page_size` as the published client has it.
 * @param aliases the operator's names of models
 */
export const listRequest = (aliases: ModelAliases = {}) =>
  z
    .strictObject({
      limit: pageSizeSchema('limit').optional(),
      cursor: cursorSchema(cursorKeySchema(isTaskId)),
      page: z
        .string(rules.page)
        .regex(/^[1-9]\d{0,5}$/, rules.page)
        .transform(Number)
        .optional(),
      page_size: pageSizeSchema('page_size').optional(),
      status: z.enum(listedStatuses, rules.status).optional(),
      type: z.enum(taskTypes, rules.type).default('image'),
      model: z
        .string(rules.model)
        .refine((name) => modelNamed(name, models, aliases) !== undefined, rules.model)
        .transform((name) => modelNamed(name, models, aliases)?.id)
        .optional(),
      key: z.string(rules.key).refine(isKeyId, rules.key).optional(),
      text: z.string(rules.text).min(1, rules.text).max(maxSearchLength, rules.text).optional(),
      created_after: unixSecondsSchema(rules.createdAfter),
      created_before: unixSecondsSchema(rules.createdBefore),
    })
    .transform(({ limit, page, page_size, ...filter }) => ({
      ...filter,
      size: page_size ?? limit ?? defaultPageSize,
      hasTwoSizes: limit !== undefined && page_size !== undefined,
      page: page ?? (page_size === undefined ? undefined : 1),
    }))
    .superRefine(({ size, hasTwoSizes, page, cursor }, context) => {
      const checks: readonly [param: string, isBroken: boolean, rule: string][] = [
        ['limit', hasTwoSizes, rules.oneSize],
        ['cursor', page !== undefined && cursor !== undefined, rules.oneWay],
        ['page', page !== undefined && page * size > maxNumberedTasks, rules.tooFar],
      ];
      for (const [param, isBroken, message] of checks) {
        if (isBroken) context.addIssue({ code: 'custom', path: [param], message });
      }
    });
export const ListRequest = listRequest();
export type ListRequest = z.output<typeof ListRequest>;

/** The body of `POST /v1/tasks/batch`. */
export const BatchRequest = z.object(
  {
    task_ids: z
      .array(z.string(rules.taskIds).max(100, rules.taskIds), rules.taskIds)
      .min(1, rules.taskIds)
      .max(50, rules.taskIds),
    thumbnails: z.boolean(rules.thumbnails).nullish(),
  },
  'The body must be a JSON object.',
);
export type BatchRequest = z.output<typeof BatchRequest>;

type BatchDeps = { readonly history: Pick<TaskHistory, 'findAll'>; readonly now: Clock };

/** Several tasks at once, in the order of the request. A task of another account is absent, and so is one that has expired. */
export const batchTasks =
  ({ history, now }: BatchDeps) =>
  async ({ task_ids }: BatchRequest, account: string): Promise<readonly Task[]> => {
    const ids = [...new Set(task_ids)].filter(isTaskId);
    const found = new Map((await history.findAll(ids)).map((task) => [task.id, task]));
    return ids.flatMap((id) => {
      const task = found.get(id);
      return task?.account === account && !hasExpired(task, now()) ? [task] : [];
    });
  };
