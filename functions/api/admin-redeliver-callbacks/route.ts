import { RedeliverRequest } from '../../domain/tasks/redeliver.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import { account } from '../path-parameters.ts';
import * as docsOf from '../redelivery-docs.ts';

export const response = docsOf.CallbackRedelivery;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/admin/accounts/{account}/callbacks',
  function: 'redeliver-callback',
  access: { scope: 'admin' },
  params: { account },
  body: jsonBody(RedeliverRequest),
  errors: ['account_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'redeliverAccountCallbacks',
  tag: 'Operation',
  summary: 'Send all undelivered callbacks of an account again',
  description: docsOf.aboutRedelivery,
  body: docsOf.redeliverBody,
  response: {
    name: 'CallbackRedelivery',
    description: 'How many callbacks are on their way',
    examples: { lastNight: docsOf.redelivery },
  },
});
