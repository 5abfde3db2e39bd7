import { TaskCheck } from '../../domain/wire/admin-task-schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as ids from '../example-ids.ts';
import { taskId } from '../path-parameters.ts';

export const response = TaskCheck;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/admin/tasks/{task_id}/check',
  function: 'cancel-task',
  access: { scope: 'admin' },
  params: { task_id: taskId },
  errors: ['invalid_task_id', 'task_not_found', 'task_ended', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'checkTask',
  tag: 'Operation',
  summary: 'Check a task now',
  description:
    'Does at once for a task that has not ended what the reconciler does for every task from time to time: starts its workflow if it is missing or dead, and wakes a workflow that waits, so that the provider is polled at once.',
  response: {
    name: 'TaskCheck',
    description: 'What was done',
    examples: { woken: { object: 'task_check', task_id: ids.taskId, result: 'woken' } },
  },
});
