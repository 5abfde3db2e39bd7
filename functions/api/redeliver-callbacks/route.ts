import { RedeliverRequest } from '../../domain/tasks/redeliver.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import * as docsOf from '../redelivery-docs.ts';

export const response = docsOf.CallbackRedelivery;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/tasks/callbacks',
  function: 'redeliver-callback',
  access: { scope: 'generate' },
  rateLimit: 'creates',
  body: jsonBody(RedeliverRequest),
  errors: ['rate_limit_exceeded', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'redeliverCallbacks',
  tag: 'Tasks',
  summary: 'Send all undelivered callbacks again',
  description: docsOf.aboutRedelivery,
  body: docsOf.redeliverBody,
  response: {
    name: 'CallbackRedelivery',
    description: 'How many callbacks are on their way',
    examples: { lastNight: docsOf.redelivery },
  },
});
