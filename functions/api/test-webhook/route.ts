import { WebhookTestRequest } from '../../domain/accounts/account-request.ts';
import { testEventsPerMinute } from '../../domain/accounts/rate-limit.ts';
import { WebhookTest } from '../../domain/accounts/schemas.ts';
import { testEvent, webhookTestView } from '../../domain/accounts/test-webhook.ts';
import { callbackEventId } from '../../domain/model/task.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import { signedCallback } from '../callback-docs.ts';
import * as ids from '../example-ids.ts';

export const response = WebhookTest;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/webhooks/test',
  function: 'test-webhook',
  access: { scope: 'manage' },
  rateLimit: 'calls',
  slowBecause: 'a receiver may take ten seconds to answer',
  body: jsonBody(WebhookTestRequest),
  errors: ['rate_limit_exceeded', 'internal_error'],
});

const now = Date.UTC(2026, 2, 2, 9, 30, 40);
const taskId = 'task-test-1772443840-imcg5zqt';
const eventId = callbackEventId(taskId);
const caller = { account: ids.account, keyId: ids.keyId, userGroup: 'default' };

export const docs = (): RouteDocs => ({
  id: 'testWebhook',
  tag: 'Account',
  summary: 'Send a test event',
  description: `Sends one event to an address, signed like a callback, and reports the result. The event has the form of a completed task of the type \`test.image\`; its id belongs to no task, and its link leads to no image. You need the scope \`manage\`. All keys of an account together may send ${testEventsPerMinute} test events a minute.`,
  body: {
    name: 'WebhookTestRequest',
    fields: {
      '': { description: 'Where to send the event' },
      url: {
        description: 'An https address that is not private, as for `callback_url`',
        format: 'uri',
      },
    },
    examples: { receiver: { url: 'https://shop.example.com/done' } },
  },
  response: {
    name: 'WebhookTest',
    description: 'The result. The status is 200 even if the event was not delivered',
    examples: {
      delivered: webhookTestView(eventId, { status: 200, ms: 84, text: 'ok' }),
      refused: webhookTestView(eventId, {
        status: 401,
        ms: 71,
        text: '{"error": "wrong signature"}',
      }),
      unreachable: webhookTestView(eventId, { ms: 12, cause: new Error('refused the connection') }),
    },
  },
  callbacks: {
    testEvent: signedCallback('{$request.body#/url}', {
      id: 'testEvent',
      tag: 'Account',
      summary: 'A test event',
      description: 'Sent to `url`. Verify the signature as with a callback',
      eventId,
      schema: 'TestEvent',
      examples: { test: testEvent(taskId, caller, ids.host, now) },
    }),
  },
});
