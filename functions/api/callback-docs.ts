import { attemptTimeoutMs, callbackEventId } from '../domain/model/callback.ts';
import type { Json } from '../runtime/route.ts';
import { taskId } from './example-ids.ts';
import * as examples from './task-examples.ts';

const webhookHeader = (name: string, description: string, example: string): Json => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
  example,
});

/** The request that this API sends to a task's `callback_url`, signed as the Standard Webhooks specification says. */
export const callbackDocs = (): Json => ({
  '{$request.body#/callback_url}': {
    post: {
      operationId: 'taskEnded',
      tags: ['Tasks'],
      summary: 'A task has ended',
      description: `Sent to \`callback_url\` when the task has ended, and repeated until the receiver responds with a 2xx within ${attemptTimeoutMs / 1000} seconds. Verify the signature with the secret of your account: standardwebhooks.com has libraries.`,
      security: [],
      parameters: [
        webhookHeader('webhook-id', 'The same for every attempt', callbackEventId(taskId)),
        webhookHeader('webhook-timestamp', 'When it was sent, in unix seconds', '1772443840'),
        webhookHeader('webhook-signature', 'One signature for each valid secret', 'v1,K5oZ…='),
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { $ref: '#/components/schemas/CallbackBody' },
            examples: { completed: { value: examples.callbackBody } },
          },
        },
      },
      responses: { '2XX': { description: 'The callback was received' } },
    },
  },
});
