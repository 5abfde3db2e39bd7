import { providerWebhookPath } from '../../domain/model/paths.ts';
import { defineRoute, type RouteDocs, rawBody } from '../../runtime/route.ts';
import { taskId } from '../example-ids.ts';
import { Received } from '../service-responses.ts';

export const response = Received;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: providerWebhookPath,
  function: 'provider-webhook',
  access: 'provider-secret',
  throttle: { requestsPerSecond: 500, burst: 1000 },
  params: {
    provider: {
      description: 'The name of the provider',
      schema: { type: 'string' },
      example: 'evolink',
    },
    job: {
      description: 'The id of the task whose job is done',
      schema: { type: 'string' },
      example: taskId,
    },
    secret: {
      description: 'The secret that this API put into the address',
      schema: { type: 'string' },
      example: 'kWq1u3pYc0v8YzQyT5b1rN2m4o6s8uAcEgIkMoQsUwY',
    },
  },
  body: rawBody,
  errors: ['internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'providerWebhook',
  tag: 'Providers',
  summary: 'Receive the webhook of a provider',
  description:
    'A provider reports here that a job is done. The address carries a secret. The body is not trusted: the provider is asked for the status of the job. The response is always the same.',
  response: {
    name: 'Received',
    description: 'The webhook was received',
    examples: { received: {} },
  },
});
