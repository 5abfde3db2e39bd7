import { ListRequest } from '../../domain/tasks/list-tasks.ts';
import { defineRoute, type FieldDocs, type RouteDocs } from '../../runtime/route.ts';
import { anyModel, limitAndCursor, wholeNumber } from '../field-docs.ts';
import * as examples from '../task-examples.ts';
import { TaskList } from './response.ts';

export const response = TaskList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/tasks',
  function: 'list-tasks',
  access: { scope: 'read' },
  rateLimit: 'calls',
  query: ListRequest,
  errors: ['rate_limit_exceeded', 'invalid_request', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'listTasks',
  tag: 'Tasks',
  summary: 'List tasks',
  description: 'The tasks of the account, the newest first, page by page.',
  query: fields(),
  response: {
    name: 'TaskList',
    description: 'A page of tasks',
    examples: { page: { object: 'list', data: examples.taskSummaries, next_cursor: null } },
  },
});

function fields(): Record<keyof typeof ListRequest.shape | '', FieldDocs> {
  const unixSeconds = { ...wholeNumber, minimum: 0, maximum: 99_999_999_999 };
  return {
    '': { description: 'Which tasks to list' },
    ...limitAndCursor,
    status: { description: 'Only tasks with this status' },
    model: { description: 'Only tasks of this model', ...anyModel },
    created_after: {
      description: 'Only tasks created at this time or later, in unix seconds',
      ...unixSeconds,
    },
    created_before: {
      description: 'Only tasks created before this time, in unix seconds',
      ...unixSeconds,
    },
  };
}
