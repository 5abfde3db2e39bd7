import * as z from 'zod';
import { hourMs } from '../../domain/model/duration.ts';
import { resultPath } from '../../domain/model/paths.ts';
import { linkValidForMs } from '../../domain/model/task.ts';
import { maxDeliveredBytes } from '../../domain/wire/deliver-picture.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { taskId } from '../path-parameters.ts';

// A missing parameter gets the same response as a wrong signature.
const Query = z.object({ expires: z.string().default(''), signature: z.string().default('') });

export const route = defineRoute<undefined>()({
  method: 'GET',
  path: resultPath,
  function: 'get-result',
  access: 'signed-link',
  head: true,
  throttle: { requestsPerSecond: 500, burst: 1000 },
  params: {
    task: { ...taskId, description: 'The id of the task' },
    n: {
      description: 'Which of its images, counted from 1',
      schema: { type: 'integer', minimum: 1 },
      example: 1,
    },
  },
  query: Query,
  errors: ['permission_denied', 'picture_too_large', 'result_expired', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'getResult',
  tag: 'Pictures',
  summary: 'Fetch an image',
  description: `An address from the \`results\` of a task. The link carries its own permission and works for ${linkValidForMs / hourMs} hours, without a key. The response redirects to the image. But a request with the header \`Authorization\` gets the image itself, up to ${maxDeliveredBytes / 1024 ** 2} MB, because many clients would send that header to the other address too. HEAD gives the type and size.`,
  query: {
    '': { description: 'The permission', required: ['expires', 'signature'] },
    expires: {
      description: 'Until when the link works',
      type: 'integer',
      minimum: 0,
      default: undefined,
      example: 1_772_530_240,
    },
    signature: {
      description: 'The signature of the link',
      default: undefined,
      example: 'J9Q2tTz0o1yqU3l8rXbWc5sEaVnKdGhMiPfLjRuYx4A',
    },
  },
  response: {
    picture: 'The image, to a request with the header `Authorization`',
    redirect: 'The image is at another address for some minutes',
  },
});
