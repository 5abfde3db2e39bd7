import { DeletedTask } from '../../domain/wire/task-schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as ids from '../example-ids.ts';
import { taskId } from '../path-parameters.ts';

export const response = DeletedTask;

export const route = defineRoute<typeof response>()({
  method: 'DELETE',
  path: '/v1/tasks/{task_id}',
  function: 'delete-task',
  access: { scope: 'generate' },
  rateLimit: 'creates',
  params: { task_id: taskId },
  errors: [
    'rate_limit_exceeded',
    'invalid_task_id',
    'task_not_found',
    'task_running',
    'internal_error',
  ],
});

export const docs = (): RouteDocs => ({
  id: 'deleteTask',
  tag: 'Tasks',
  summary: 'Delete a task',
  description:
    'Deletes a task that has ended, for good: its prompt, addresses and `metadata`, its pictures and results. From then on the task is not found, it is in no list, its result links get 410 `result_expired`, and no callback is sent any more. What it cost stays in the ledger. A task that has not ended is refused with 409 `task_running`: cancel it, or wait. Deleting twice gets the same response. A file that was uploaded with `POST /v1/files` stays until it expires, because other tasks may use it.',
  response: {
    name: 'DeletedTask',
    description: 'The task is deleted, and its pictures are gone',
    examples: { deleted: { object: 'image.generation.task', id: ids.taskId, deleted: true } },
  },
});
