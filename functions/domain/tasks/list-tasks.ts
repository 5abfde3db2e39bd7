import * as z from 'zod';
import { findModel, models } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { type CursorKey, isTaskId, maxPageSize } from '../model/ids.ts';
import { type Status, statuses, type Task, type TaskState } from '../model/task.ts';
import {
  cursorKeySchema,
  cursorSchema,
  formatCursorKey,
  limitSchema,
  pageResponse,
} from '../wire/cursor.ts';
import { summaryView } from '../wire/view.ts';
import { hasExpired } from './retention.ts';

type Deps = {
  readonly history: TaskHistory;
  readonly now: Clock;
  readonly typicalSeconds: (model: string) => number;
};

/** An account's tasks, the newest first, a page at a time and without links to results. */
export const listTasks =
  ({ history, now, typicalSeconds }: Deps) =>
  async (request: ListRequest, account: string) => {
    const { limit, cursor, status, model, created_after, created_before } = request;
    const { tasks, next } = await readPage(history, account, {
      limit,
      status,
      model,
      after: cursor,
      from: created_after === undefined ? undefined : created_after * 1000,
      to: created_before === undefined ? undefined : created_before * 1000 - 1,
      now: now(),
    });
    return pageResponse(
      tasks.map((task) => summaryView(task, now(), typicalSeconds(task.model))),
      next && formatCursorKey(next),
    );
  };

/** Reads many tasks at once. */
export type TaskHistory = {
  /**
   * Where the tasks of an account stand in its list: by time of creation and then by id, both descending. It may be a
   * moment old: a new task may be missing, and one that is gone may be there.
   */
  positions(account: string, range: ListRange): Promise<readonly CursorKey[]>;
  /** The same for the tasks of all accounts that were created on a day of UTC, like 2026-11-22. Deleted ones are there. */
  positionsOfDay(day: string, range: ListRange): Promise<readonly CursorKey[]>;
  /** The tasks of an account whose callback was given up, and when that was in place of the time of creation. */
  undelivered(account: string, range: ListRange): Promise<readonly CursorKey[]>;
  /** The states of the tasks with these ids (at most 100) as they are now, in any order; an unknown id is left out. */
  findStates(ids: readonly string[]): Promise<readonly TaskState[]>;
  /** The same with what was asked. */
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
  readonly status?: Status | undefined;
  readonly model?: string | undefined;
  /** A task that has expired by then is left out. */
  readonly now: number;
};

export type TaskPage = {
  readonly tasks: readonly TaskState[];
  /** Where the next page starts, if there is one. */
  readonly next?: CursorKey | undefined;
};

// Only the task itself says whether it belongs to the page, so a page of rare tasks takes several reads. After this many
// the page may be short; its cursor continues all the same.
const maxReads = 5;

/** One page of an account's tasks, the newest first. */
export async function readPage(
  history: TaskHistory,
  account: string,
  { limit, status, model, now, ...range }: ListOptions,
): Promise<TaskPage> {
  const isListed = (task: TaskState) =>
    (status === undefined || task.status === status) &&
    (model === undefined || task.model === model) &&
    !hasExpired(task, now);
  const isFiltered = status !== undefined || model !== undefined;
  const tasks: TaskState[] = [];
  let next = range.after;
  for (let reads = 0; reads < maxReads; reads += 1) {
    const count = isFiltered || reads > 0 ? maxPageSize : limit;
    const read = await readNext(history, account, { ...range, limit: count, after: next });
    tasks.push(...read.tasks.filter(isListed));
    next = read.next;
    if (!next || tasks.length >= limit) break;
  }
  const page = tasks.slice(0, limit);
  // When more tasks were read than the page may have, the next page starts after the last task of this one.
  return { tasks: page, next: tasks.length > limit ? page.at(-1) : next };
}

/** The next tasks, whatever they are. One that was deleted a moment ago is left out, and the next page starts after it. */
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

const rules = {
  status: `status must be one of: ${statuses.join(', ')}`,
  model: `model must be one of: ${models.map(({ id }) => id).join(', ')}`,
  createdAfter: 'created_after must be a time in unix seconds',
  createdBefore: 'created_before must be a time in unix seconds',
  taskIds: 'task_ids must be a list of 1 to 50 task ids',
} as const;

const unixSeconds = (rule: string) =>
  z
    .string(rule)
    .regex(/^\d{1,11}$/, rule)
    .transform(Number);

/** The query of `GET /v1/tasks`. Unknown parameters are ignored. */
export const ListRequest = z.object({
  limit: limitSchema,
  cursor: cursorSchema(cursorKeySchema(isTaskId)),
  status: z.enum(statuses, rules.status).optional(),
  model: z
    .string(rules.model)
    .refine((id) => findModel(id) !== undefined, rules.model)
    .optional(),
  created_after: unixSeconds(rules.createdAfter).optional(),
  created_before: unixSeconds(rules.createdBefore).optional(),
});
export type ListRequest = z.output<typeof ListRequest>;

/** The body of `POST /v1/tasks/batch`. */
export const BatchRequest = z.object(
  {
    task_ids: z
      .array(z.string(rules.taskIds).max(100, rules.taskIds), rules.taskIds)
      .min(1, rules.taskIds)
      .max(50, rules.taskIds),
  },
  'The body must be a JSON object.',
);
export type BatchRequest = z.output<typeof BatchRequest>;
