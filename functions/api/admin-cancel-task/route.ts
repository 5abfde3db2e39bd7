import { AdminTask } from '../../domain/wire/admin-task-schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-task-docs.ts';
import { taskId } from '../path-parameters.ts';

export const response = AdminTask;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/admin/tasks/{task_id}/cancel',
  function: 'cancel-task',
  access: { scope: 'admin' },
  params: { task_id: taskId },
  errors: [
    'invalid_task_id',
    'task_not_found',
    'task_ended',
    'task_not_cancellable',
    'internal_error',
  ],
});

export const docs = (): RouteDocs => ({
  id: 'cancelAnyTask',
  tag: 'Operation',
  summary: 'Cancel a task of any account',
  description:
    'Does the same as a cancel by the account of the task. A task that no provider has yet fails with `request_cancelled` and costs nothing; after that, the provider decides. Repeating the request changes nothing.',
  response: {
    name: 'AdminTask',
    description: 'The task, with `cancel_requested_at`',
    examples: { cancelled: examples.cancelled },
  },
});
