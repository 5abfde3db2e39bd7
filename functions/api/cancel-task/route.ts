import { ActiveTask } from '../../domain/wire/task-schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { taskId } from '../path-parameters.ts';
import * as examples from '../task-examples.ts';

export const response = ActiveTask;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/tasks/{task_id}/cancel',
  function: 'cancel-task',
  access: { scope: 'generate' },
  rateLimit: 'calls',
  params: { task_id: taskId },
  errors: [
    'rate_limit_exceeded',
    'invalid_task_id',
    'task_not_found',
    'task_ended',
    'task_not_cancellable',
    'internal_error',
  ],
});

export const docs = (): RouteDocs => ({
  id: 'cancelTask',
  tag: 'Tasks',
  summary: 'Cancel a task',
  description:
    'Asks for the task to end. A task that no provider has yet fails with `request_cancelled` a moment later and costs nothing. After that, the provider decides: if it cancels the job, the same happens; otherwise the task goes on, and the images that are made are charged. A task that the provider already works on cannot be cancelled: 409 `task_not_cancellable`. `task_info.can_cancel` says beforehand whether a task can be cancelled. Repeating the request changes nothing.',
  response: {
    name: 'ActiveTask',
    description: 'The task, with `cancel_requested`',
    examples: {
      pending: {
        ...examples.pendingTask,
        task_info: { can_cancel: false, cancel_requested: true },
      },
    },
  },
});
