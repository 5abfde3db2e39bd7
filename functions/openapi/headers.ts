import { taskId, waitingPlace } from '../api/example-ids.ts';
import { spellDuration } from '../domain/model/duration.ts';
import { takeUpMs } from '../domain/tasks/wait-for-task.ts';
import { waitPath } from '../domain/wire/prefer.ts';
import type { Json } from '../runtime/route.ts';

const header = (description: string, schema: Json, example: unknown): Json => ({
  description,
  required: true,
  schema,
  example,
});
const count = { type: 'integer', minimum: 0 };

export const requestId = {
  'x-request-id': header(
    'The id of this request; quote it when you ask the operator',
    { type: 'string' },
    'JKJaXmPLvHcESHA=',
  ),
};

export const rateLimit = {
  'X-RateLimit-Limit': header('How many requests the key may send a minute', count, 300),
  'X-RateLimit-Remaining': header('How many requests the key may send now', count, 299),
  'X-RateLimit-Reset': header(
    'When the whole limit is available again, in unix seconds',
    count,
    1_772_443_840,
  ),
};

export const retryAfter = {
  'Retry-After': header('How long to wait before the next try, in seconds', count, 1),
};

export const replayed = {
  'Idempotency-Replayed': {
    ...header(
      'Whether this is the response to an earlier request with the same Idempotency-Key',
      { type: 'string', const: 'true' },
      'true',
    ),
    required: false,
  },
};

export const location = {
  Location: header(
    'The address of the image, for some minutes',
    { type: 'string', format: 'uri' },
    'https://results.example.com/1.png?X-Amz-Signature=5d0c',
  ),
};

/** When to read a task again. */
export const readAgain = {
  'Retry-After': {
    ...header(
      'After how many seconds to read the task again; only with a task that has not ended',
      count,
      10,
    ),
    required: false,
  },
};

/** The redirect of a request that prefers to wait. */
export const waitLocation = {
  Location: header(
    `Where to wait: a path on this server. A GET with the same key can follow it once, within ${spellDuration(takeUpMs)}`,
    { type: 'string', format: 'uri-reference' },
    waitPath(taskId, { seconds: 20, place: waitingPlace }),
  ),
};

export const preferenceApplied = {
  'Preference-Applied': {
    ...header(
      'The preference that was applied, if the request has waited',
      { type: 'string', pattern: '^wait=\\d+$' },
      'wait=20',
    ),
    required: false,
  },
};

export const nextCursor = {
  'Next-Cursor': {
    ...header(
      'With `format=csv`: the `cursor` of the next page; absent on the last page',
      { type: 'string' },
      'WyJkYXkiLCIyMDI2LTAzLTAyIl0',
    ),
    required: false,
  },
};

/** All headers, by their names. */
export const headers = {
  ...requestId,
  ...rateLimit,
  ...retryAfter,
  ...replayed,
  ...location,
  ...nextCursor,
  ...preferenceApplied,
};
