import { DeliveriesQuery, deliveryView } from '../../domain/tasks/list-deliveries.ts';
import { DeliveryList } from '../../domain/wire/story-schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as ids from '../example-ids.ts';
import { limitAndCursor, wholeNumber } from '../field-docs.ts';

export const response = DeliveryList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/webhooks/deliveries',
  function: 'list-tasks',
  access: { scope: 'read' },
  rateLimit: 'calls',
  query: DeliveriesQuery,
  errors: ['rate_limit_exceeded', 'invalid_request', 'internal_error'],
});

const unixSeconds = { ...wholeNumber, minimum: 0, maximum: 99_999_999_999 };
const now = Date.UTC(2026, 2, 2, 9, 30, 40);
const retrying = deliveryView(
  {
    id: ids.taskId,
    account: ids.account,
    keyId: ids.keyId,
    userGroup: 'default',
    model: 'wan2.5-image-to-image',
    n: 1,
    callbackUrl: 'https://shop.example.com/done?token=not-shown',
    createdAt: now - 70_000,
    startedAt: now - 69_000,
    deadlineAt: now + 800_000,
    finishedAt: now - 30_000,
    reserved: 1200,
    charged: 0,
    status: 'failed',
    failure: { code: 'generation_timeout', message: 'The provider did not finish in time.' },
    callback: { state: 'retrying', attempts: 4, lastStatus: 503 },
    callbackAttempts: 4,
    nextCheckAt: now + 60_000,
  },
  { at: now, milliseconds: 84, status: 503 },
);

export const docs = (): RouteDocs => ({
  id: 'listDeliveries',
  tag: 'Tasks',
  summary: 'List callbacks',
  description:
    'The callbacks of all ended tasks of the account, the newest first, page by page. The order, `since` and `until` go by the time at which the task was created; with `status=undelivered`, by the time at which the callback was given up. If few callbacks match, a page may have fewer than `limit`, or none; its `next_cursor` still leads on.',
  query: {
    '': { description: 'Which callbacks to list' },
    ...limitAndCursor,
    limit: { ...limitAndCursor.limit, default: 20 },
    status: { description: 'Only callbacks in this state' },
    since: {
      description: 'Only callbacks at this time or later, in unix seconds',
      ...unixSeconds,
    },
    until: { description: 'Only callbacks before this time, in unix seconds', ...unixSeconds },
  },
  response: {
    name: 'DeliveryList',
    description: 'A page of callbacks',
    examples: { page: { object: 'list', data: [retrying], next_cursor: null } },
  },
});
