import { taskPath } from '../../domain/model/paths.ts';
import { Task } from '../../domain/wire/task-schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { taskId } from '../path-parameters.ts';
import * as examples from '../task-examples.ts';

export const response = Task;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: taskPath,
  function: 'get-task',
  access: { scope: 'read' },
  rateLimit: 'calls',
  head: true,
  wait: 'offered',
  params: { task_id: taskId },
  errors: ['rate_limit_exceeded', 'invalid_task_id', 'task_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'getTask',
  tag: 'Tasks',
  summary: 'Read a task',
  description: 'The state of the task, with links to its images when it is completed.',
  response: {
    name: 'Task',
    description: 'The task',
    examples: {
      pending: examples.pendingTask,
      processing: examples.processingTask,
      completed: examples.completedTask,
      partlyCompleted: examples.partlyCompletedTask,
      failed: examples.failedTask,
    },
  },
});
