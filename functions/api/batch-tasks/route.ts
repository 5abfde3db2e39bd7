import { BatchRequest } from '../../domain/tasks/list-tasks.ts';
import { TaskBatch } from '../../domain/wire/task-schemas.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import * as ids from '../example-ids.ts';
import * as examples from '../task-examples.ts';

export const response = TaskBatch;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/tasks/batch',
  function: 'batch-tasks',
  access: { scope: 'read' },
  rateLimit: 'calls',
  body: jsonBody(BatchRequest),
  errors: ['rate_limit_exceeded', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'batchTasks',
  tag: 'Tasks',
  summary: 'Read several tasks',
  description:
    'The same as reading each task by itself. An id that is not the id of a task of this account is left out.',
  body: {
    name: 'BatchRequest',
    fields: {
      '': { description: 'Which tasks to read' },
      task_ids: { description: 'The ids of the tasks' },
      thumbnails: {
        description:
          'Whether each task comes with links to the thumbnails of its pictures, if the service makes thumbnails',
      },
    },
    examples: {
      one: { task_ids: [ids.taskId] },
      thumbnails: { task_ids: [ids.taskId], thumbnails: true },
    },
  },
  response: {
    name: 'TaskBatch',
    description: 'The tasks',
    examples: { one: { data: [examples.completedTask] } },
  },
});
