import { Created, Credits, Task, TaskPage } from './answers.ts';
import { type Access, caller, search } from './call.ts';

/** The body of a new task. */
export type Order = {
  readonly model?: string | undefined;
  readonly prompt: string;
  readonly n?: number | undefined;
  readonly image_urls?: readonly string[];
  readonly image_uploads?: readonly { readonly content_type: string }[];
};

/** Which tasks to list, and from where on. */
export type TaskQuery = {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly status?: string | undefined;
  readonly model?: string | undefined;
  /** Unix seconds. */
  readonly created_after?: number | undefined;
};

/** The part of the API that is about tasks and what they cost. */
export const darkroomApi = (access: Access) => {
  const call = caller(access);
  return {
    /** The idempotency key makes it safe to ask again when an answer got lost. */
    create: (order: Order, idempotencyKey: string) =>
      call(Created, '/v1/images/generations', {
        ...{ method: 'POST', headers: { 'idempotency-key': idempotencyKey }, body: order },
      }),
    task: (id: string) => call(Task, `/v1/tasks/${id}`),
    cancel: (id: string) => call(Task, `/v1/tasks/${id}/cancel`, { method: 'POST' }),
    /** Newest first, a page at a time. */
    tasks: (query: TaskQuery) => call(TaskPage, `/v1/tasks${search(query)}`),
    credits: () => call(Credits, '/v1/credits'),
  };
};

export type DarkroomApi = ReturnType<typeof darkroomApi>;
