import { patterns } from '../../domain/model/ids.ts';
import { defaultDays, FindQuery } from '../../domain/tasks/find-tasks.ts';
import { AdminTaskList } from '../../domain/wire/admin-task-schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-task-docs.ts';
import { limitAndCursor, wholeNumber } from '../field-docs.ts';

export const response = AdminTaskList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/admin/tasks',
  function: 'admin-reads',
  access: { scope: 'admin' },
  query: FindQuery,
  errors: ['invalid_request', 'internal_error'],
});

const unixSeconds = { ...wholeNumber, minimum: 0, maximum: 99_999_999_999 };

export const docs = (): RouteDocs => ({
  id: 'findTasks',
  tag: 'Operation',
  summary: 'Find tasks',
  description:
    'The tasks of all accounts, the newest first, page by page. If few tasks match, a page may have fewer than `limit`, or none; its `next_cursor` still leads on. Deleted tasks are not listed.',
  query: {
    '': { description: 'Which tasks to list' },
    ...limitAndCursor,
    limit: { ...limitAndCursor.limit, default: 20 },
    account: { description: 'Only tasks of this account', pattern: patterns.account.source },
    mode: { description: '`test`: tasks that were made with test keys; otherwise live tasks' },
    status: { description: 'Only tasks with this status' },
    code: { description: 'Only tasks that failed with this code' },
    provider: { description: 'Only tasks of this provider' },
    callback: { description: 'Only tasks whose callback is in this state' },
    created_after: {
      description: `Only tasks created at this time or later, in unix seconds; without it, ${defaultDays} days before \`created_before\`, or before now`,
      ...unixSeconds,
    },
    created_before: {
      description: 'Only tasks created before this time, in unix seconds',
      ...unixSeconds,
    },
  },
  response: {
    name: 'AdminTaskList',
    description: 'A page of tasks',
    examples: { page: { object: 'list', data: examples.listed, next_cursor: null } },
  },
});
