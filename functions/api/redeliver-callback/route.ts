import { EndedTask } from '../../domain/wire/task-schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { taskId } from '../path-parameters.ts';
import * as examples from '../task-examples.ts';

export const response = EndedTask;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/tasks/{task_id}/callback',
  function: 'redeliver-callback',
  access: { scope: 'generate' },
  rateLimit: 'creates',
  params: { task_id: taskId },
  errors: [
    'invalid_task_id',
    'task_not_found',
    'invalid_request',
    'task_running',
    'rate_limit_exceeded',
    'internal_error',
  ],
});

export const docs = (): RouteDocs => ({
  id: 'redeliverCallback',
  tag: 'Tasks',
  summary: 'Send the callback again',
  description:
    'Sends the callback of an ended task again. It keeps its `webhook-id` and starts again with its first attempt. The request counts like a create, and does nothing while the callback waits for its first attempt.',
  response: {
    name: 'EndedTask',
    description: 'The task; its callback is on its way',
    examples: { completed: examples.redeliveredTask },
  },
});
