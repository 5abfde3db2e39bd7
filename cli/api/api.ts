import type * as z from 'zod';
import * as cancelTask from '../../functions/api/cancel-task/route.ts';
import * as createTask from '../../functions/api/create-task/route.ts';
import * as deleteTask from '../../functions/api/delete-task/route.ts';
import * as getCredits from '../../functions/api/get-credits/route.ts';
import * as getTask from '../../functions/api/get-task/route.ts';
import * as listTasks from '../../functions/api/list-tasks/route.ts';
import * as redeliverCallback from '../../functions/api/redeliver-callback/route.ts';
import type { BodyInputOf, QueryOf } from '../../functions/runtime/route.ts';
import type { PageQuery } from '../program/list.ts';
import { type Access, apiCaller } from './api-caller.ts';

type CreateTaskRequest = BodyInputOf<typeof createTask.route>;

/** Which tasks to list, and after which cursor. */
type TaskListQuery = PageQuery &
  Pick<QueryOf<typeof listTasks.route>, 'status' | 'model' | 'created_after' | 'created_before'>;

export type Task = z.output<typeof getTask.response>;
export type CompletedTask = Extract<Task, { status: 'completed' }>;
export type ListedTask = z.output<typeof listTasks.response>['data'][number];
export type UploadForm = NonNullable<z.output<typeof createTask.response>['uploads']>[number];
export type Credits = z.output<typeof getCredits.response>;

/** The routes about tasks and credits. */
export const darkroomApi = (access: Access) => {
  const call = apiCaller(access);
  return {
    /** With an idempotency key it is safe to repeat the request when its response got lost. */
    create: (body: CreateTaskRequest, idempotencyKey: string) =>
      call(createTask, { body, idempotencyKey }),
    task: (task_id: string) => call(getTask, { params: { task_id } }),
    cancel: (task_id: string) => call(cancelTask, { params: { task_id } }),
    /** For good: its texts, pictures and results. Only a task that has ended. */
    deleteTask: (task_id: string) => call(deleteTask, { params: { task_id } }),
    /** Sends the callback of a task that has ended once more. */
    redeliver: (task_id: string) => call(redeliverCallback, { params: { task_id } }),
    /** Newest first, a page at a time. */
    tasks: (query: TaskListQuery) => call(listTasks, { query }),
    credits: () => call(getCredits, {}),
  };
};

export type DarkroomApi = ReturnType<typeof darkroomApi>;
