import type * as z from 'zod';
import * as cancelTask from '../../functions/api/cancel-task/route.ts';
import * as createTask from '../../functions/api/create-task/route.ts';
import * as deleteTask from '../../functions/api/delete-task/route.ts';
import * as getCredits from '../../functions/api/get-credits/route.ts';
import * as getTask from '../../functions/api/get-task/route.ts';
import * as getUsage from '../../functions/api/get-usage/route.ts';
import * as listModels from '../../functions/api/list-models/route.ts';
import * as listTasks from '../../functions/api/list-tasks/route.ts';
import * as redeliverCallback from '../../functions/api/redeliver-callback/route.ts';
import * as uploadStream from '../../functions/api/upload-file-stream/route.ts';
import * as uploadUrl from '../../functions/api/upload-file-url/route.ts';
import type { BodyInputOf, QueryOf } from '../../functions/runtime/route.ts';
import type { PageQuery } from '../program/list.ts';
import { type Access, apiCaller, csvCaller, formCaller, headersCaller } from './api-caller.ts';

type CreateTaskRequest = BodyInputOf<typeof createTask.route>;

/** Which tasks to list, and after which cursor. */
type TaskListQuery = PageQuery &
  Pick<
    QueryOf<typeof listTasks.route>,
    'status' | 'model' | 'text' | 'created_after' | 'created_before'
  >;

export type Task = z.output<typeof getTask.response>;
export type CompletedTask = Extract<Task, { status: 'completed' }>;
export type ListedTask = z.output<typeof listTasks.response>['data'][number];
export type UploadForm = NonNullable<z.output<typeof createTask.response>['uploads']>[number];
export type Model = z.output<typeof listModels.response>['data'][number];
export type Usage = z.output<typeof getUsage.response>['data'][number];
export type HostedFile = z.output<typeof uploadUrl.response>['data'];
/** How usage is grouped, and of which days. */
export type UsageFilter = {
  readonly group_by?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
};
export type Credits = z.output<typeof getCredits.response>;

/** The routes about tasks, files, credits and usage. */
export const darkroomApi = (access: Access) => {
  const call = apiCaller(access);
  const callWithHeaders = headersCaller(access);
  const sendForm = formCaller(access);
  const readCsv = csvCaller(access);
  return {
    /**
     * With an idempotency key it is safe to repeat the request when its response got lost.
     * @returns the task, and whether an earlier request with this key has created it
     */
    create: async (body: CreateTaskRequest, idempotencyKey: string) => {
      const { body: created, headers } = await callWithHeaders(createTask, {
        body,
        idempotencyKey,
      });
      const isReplayed = headers.get('idempotency-replayed') === 'true';
      return { ...created, isReplayed };
    },
    task: (task_id: string) => call(getTask, { params: { task_id } }),
    cancel: (task_id: string) => call(cancelTask, { params: { task_id } }),
    /** Deletes the texts, pictures and results of a task for good. The task must have ended. */
    deleteTask: (task_id: string) => call(deleteTask, { params: { task_id } }),
    /** Sends the callback of a task that has ended once more. */
    redeliver: (task_id: string) => call(redeliverCallback, { params: { task_id } }),
    /** Newest first, a page at a time. */
    tasks: (query: TaskListQuery) => call(listTasks, { query }),
    credits: () => call(getCredits, {}),
    models: () => call(listModels, {}),
    /** A page at a time. */
    usage: (query: PageQuery & UsageFilter) => call(getUsage, { query }),
    /** As CSV, a page at a time. */
    usageCsv: (query: UsageFilter & { readonly cursor?: string | undefined }) =>
      readCsv(getUsage.route, query),
    /** Stores a picture of at most 4.4 MB. */
    uploadFile: (form: FormData) => sendForm(uploadStream, { form, deadlineMs: 120_000 }),
    /** Stores a picture that the API fetches itself. */
    uploadFromAddress: (body: BodyInputOf<typeof uploadUrl.route>) =>
      call(uploadUrl, { body, isRepeatable: false }),
  };
};

export type DarkroomApi = ReturnType<typeof darkroomApi>;
