import * as z from 'zod';
import { findModel, models } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { type CursorKey, isTaskId } from '../model/ids.ts';
import { type Status, statuses, type Task, type TaskSummary } from '../model/task.ts';
import {
  cursorKeySchema,
  cursorSchema,
  formatCursorKey,
  limitSchema,
  pageResponse,
} from '../wire/cursor.ts';
import { summaryView } from '../wire/view.ts';

type Deps = {
  readonly history: Pick<TaskHistory, 'list'>;
  readonly now: Clock;
  readonly typicalSeconds: (model: string) => number;
};

/** An account's tasks, the newest first, a page at a time and without links to results. */
export const listTasks =
  ({ history, now, typicalSeconds }: Deps) =>
  async (request: ListRequest, account: string) => {
    const { limit, cursor, status, model, created_after, created_before } = request;
    const { tasks, next } = await history.list(account, {
      limit,
      status,
      model,
      after: cursor,
      from: created_after === undefined ? undefined : created_after * 1000,
      to: created_before === undefined ? undefined : created_before * 1000 - 1,
    });
    return pageResponse(
      tasks.map((task) => summaryView(task, now(), typicalSeconds(task.model))),
      next && formatCursorKey(next),
    );
  };

/** Reads many tasks at once. */
export type TaskHistory = {
  /** An account's tasks, the newest first. `next` is where the next page starts, if there is one. */
  list(account: string, options: ListOptions): Promise<TaskPage>;
  /** The tasks with these ids (at most 100), in any order; an unknown id is left out. */
  findAll(ids: readonly string[]): Promise<readonly Task[]>;
};

export type ListOptions = {
  readonly limit: number;
  readonly after?: CursorKey | undefined;
  readonly status?: Status | undefined;
  readonly model?: string | undefined;
  /** Both inclusive, in milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

export type TaskPage = {
  readonly tasks: readonly TaskSummary[];
  readonly next?: CursorKey | undefined;
};

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
