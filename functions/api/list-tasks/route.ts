import type * as z from 'zod';
import { patterns } from '../../domain/model/ids.ts';
import {
  ListRequest,
  maxNumberedTasks,
  maxNumberedTasksRead,
  maxSearchLength,
} from '../../domain/tasks/list-tasks.ts';
import { TaskList } from '../../domain/wire/task-schemas.ts';
import { defineRoute, type FieldDocs, type RouteDocs } from '../../runtime/route.ts';
import { anyModelName, limitAndCursor, wholeNumber } from '../field-docs.ts';
import * as examples from '../task-examples.ts';

export const response = TaskList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/tasks',
  function: 'list-tasks',
  access: { scope: 'read' },
  rateLimit: 'calls',
  head: true,
  query: ListRequest,
  errors: ['rate_limit_exceeded', 'invalid_request', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'listTasks',
  tag: 'Tasks',
  summary: 'List tasks',
  description: `The tasks of the account, the newest first, page by page: by \`cursor\`, or by \`page\` for the first ${maxNumberedTasks} tasks. If few tasks match, a page may have fewer than \`limit\`, or none; as long as there is a \`next_cursor\`, there are older tasks to read. Numbered pages shift when tasks are created in between, and each one reads all pages before it again. They cover at most the newest ${maxNumberedTasksRead} tasks; \`next_cursor\` leads to the older ones.`,
  query: fields(),
  response: {
    name: 'TaskList',
    description: 'A page of tasks',
    examples: {
      page: {
        object: 'list',
        data: examples.taskSummaries,
        next_cursor: null,
      },
      numbered: {
        object: 'list',
        data: examples.taskSummaries,
        next_cursor: null,
        page: 1,
        page_size: 20,
        total: examples.taskSummaries.length,
      },
    },
  },
});

function fields(): Record<keyof z.input<typeof ListRequest> | '', FieldDocs> {
  const unixSeconds = { ...wholeNumber, minimum: 0, maximum: 99_999_999_999 };
  return {
    '': { description: 'Which tasks to list' },
    ...limitAndCursor,
    limit: { ...limitAndCursor.limit, default: 20 },
    page: {
      description: `Which page, counted from 1; use it instead of \`cursor\`. \`page\` times \`page_size\` may be at most ${maxNumberedTasks}`,
      ...wholeNumber,
      minimum: 1,
      maximum: maxNumberedTasks,
    },
    page_size: { ...limitAndCursor.limit, description: 'The same as `limit`' },
    status: {
      description:
        'Only tasks with this status. `processing`: all tasks that have not ended. `pending`: those of them that no provider has yet. `cancelled`: tasks that failed with `request_cancelled`',
    },
    type: { description: 'Only tasks of this type; here all tasks have the type `image`' },
    model: { description: 'Only tasks of this model', ...anyModelName },
    key: {
      description: 'Only tasks that the API key with this id has created',
      pattern: patterns.keyId.source,
    },
    text: {
      description:
        'Only tasks with this text in their prompt, in capital or small letters. This filter has to read the prompts, so it is slower than the others',
      minLength: 1,
      maxLength: maxSearchLength,
    },
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
