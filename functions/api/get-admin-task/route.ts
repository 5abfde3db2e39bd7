import { AdminTask } from '../../domain/wire/admin-task-schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-task-docs.ts';
import { taskId } from '../path-parameters.ts';

export const response = AdminTask;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/admin/tasks/{task_id}',
  function: 'admin-reads',
  access: { scope: 'admin' },
  params: { task_id: taskId },
  errors: ['invalid_task_id', 'task_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'getAnyTask',
  tag: 'Operation',
  summary: 'Read a task of any account',
  description:
    'The state of the task, with its provider and ticket, its execution and its callbacks. Only its own account can read the request and the images.',
  response: {
    name: 'AdminTask',
    description: 'The task',
    examples: { processing: examples.task, failed: examples.failedTask },
  },
});
