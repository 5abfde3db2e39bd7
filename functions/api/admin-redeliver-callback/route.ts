import { AdminTask } from '../../domain/wire/admin-task-schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-task-docs.ts';
import { taskId } from '../path-parameters.ts';

export const response = AdminTask;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/admin/tasks/{task_id}/callback',
  function: 'redeliver-callback',
  access: { scope: 'admin' },
  params: { task_id: taskId },
  errors: [
    'invalid_task_id',
    'task_not_found',
    'invalid_request',
    'task_running',
    'internal_error',
  ],
});

export const docs = (): RouteDocs => ({
  id: 'redeliverAnyCallback',
  tag: 'Operation',
  summary: 'Send the callback of any task again',
  description:
    'Sends the callback of an ended task again. It keeps its `webhook-id` and starts again with its first attempt.',
  response: {
    name: 'AdminTask',
    description: 'The task; its callback is on its way',
    examples: { redelivered: examples.redelivered },
  },
});
