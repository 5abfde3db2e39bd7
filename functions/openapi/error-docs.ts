import * as z from 'zod';
import type { ProblemCode } from '../domain/model/problem.ts';
import { credits, seconds } from '../domain/wire/fields.ts';

type ErrorDocs = {
  /** When it is returned. */
  readonly when: string;
  readonly message: string;
  readonly param?: string;
  /** Its further fields: the schema of each, and the value in the example. */
  readonly details?: { readonly [name: string]: readonly [schema: z.ZodType, example: unknown] };
};

const keyName = [z.string().describe('The name of the API key'), 'shop'] as const;
const estimated = [credits('What the task would have reserved'), 2.4] as const;
const remaining = [credits('What the key may still spend'), 1.2] as const;

/** What the document says about each HTTP error. */
export const errorDocs: Readonly<Record<ProblemCode, ErrorDocs>> = {
  invalid_request: {
    when: 'The body, a parameter or a header breaks a rule; `param` names it.',
    message: 'n must be a whole number from 1 to 4',
    param: 'n',
  },
  invalid_task_id: {
    when: 'What stands in the path is not a task id.',
    message: "A task id starts with 'task-unified-' and is the one that the create call returned.",
    param: 'task_id',
  },
  unauthorized: {
    when: 'There is no key, or it is not valid.',
    message: 'The API key is not valid.',
  },
  KEY_DISABLED: {
    when: 'The operator has switched the key off.',
    message: 'The API key "shop" is disabled.',
    details: { key_name: keyName },
  },
  KEY_EXPIRED: {
    when: 'The key was made to last until `expired_at`.',
    message: 'The API key "shop" has expired.',
    details: { key_name: keyName, expired_at: [seconds('When it expired'), 1_757_000_000] },
  },
  insufficient_quota: {
    when: 'The account has too few credits.',
    message: 'The account has too few credits: 2 image(s) need 2.4.',
    details: {
      estimated_credits: [estimated[0].optional(), estimated[1]],
      account_balance_credits: [credits('What the account has'), 1.2],
    },
  },
  KEY_QUOTA_EXHAUSTED: {
    when: 'The task would bring the key above its limit.',
    message: 'The API key "shop" has reached its limit: 2 image(s) need 2.4.',
    details: {
      key_name: keyName,
      estimated_credits: estimated,
      total_limit_credits: [credits('What the key may spend'), 10],
      used_credits: [credits('What its tasks have cost'), 8.8],
      remaining_credits: remaining,
    },
  },
  KEY_DAILY_QUOTA_EXHAUSTED: {
    when: 'The task would bring the key above its limit for today.',
    message:
      'The API key "shop" has reached its limit for today: 2 image(s) need 2.4. It begins anew at midnight, Europe/Berlin.',
    details: {
      key_name: keyName,
      estimated_credits: estimated,
      daily_limit_credits: [credits('What the key may spend a day'), 5],
      daily_used_credits: [credits('What it has spent today'), 3.8],
      remaining_credits: remaining,
      reset_timezone: [z.string().describe('Where its day begins at midnight'), 'Europe/Berlin'],
    },
  },
  permission_denied: {
    when: 'The key lacks the scope of this route, or a link to a result is not valid any more.',
    message: 'The API key lacks the scope "generate".',
  },
  KEY_MODEL_NOT_ALLOWED: {
    when: 'The key may not use this model.',
    message: 'The API key "shop" may not use wan2.5-image-to-image.',
    param: 'model',
    details: {
      key_name: keyName,
      allowed_models: [z.array(z.string()).describe('The models it may use'), ['another-model']],
    },
  },
  not_found: {
    when: 'There is no such route, or it has another method.',
    message: 'There is no GET /v1/nothing here.',
  },
  task_not_found: {
    when: 'There is no such task, it was deleted, it has expired, or it belongs to another account.',
    message: 'There is no task task-unified-1757156493-imcg5zqt.',
    param: 'task_id',
  },
  account_not_found: {
    when: 'There is no account of this name.',
    message: 'There is no account nobody.',
    param: 'account',
  },
  key_not_found: {
    when: 'There is no key with this id, or it was deleted.',
    message: 'There is no key key-0123456789abcdef.',
    param: 'key_id',
  },
  account_exists: {
    when: 'There is an account of this name already.',
    message: 'There is an account shop already.',
    param: 'id',
  },
  idempotency_conflict: {
    when: 'The Idempotency-Key was used for another request within 24 hours, or the task that it has created was deleted.',
    message: 'This Idempotency-Key was used with another request: take a new one.',
    param: 'Idempotency-Key',
  },
  task_ended: {
    when: 'The task is over already.',
    message: 'The task task-unified-1757156493-imcg5zqt is over already.',
    param: 'task_id',
  },
  task_not_cancellable: {
    when: 'The provider works on the task already, or cannot cancel.',
    message:
      'The task task-unified-1757156493-imcg5zqt cannot be cancelled any more: its provider has begun, or cannot cancel. It is charged for what is made.',
    param: 'task_id',
  },
  task_running: {
    when: 'The task is not over yet.',
    message: 'The task task-unified-1757156493-imcg5zqt is not over yet.',
    param: 'task_id',
  },
  result_expired: {
    when: 'The picture was deleted: by its task’s deletion, or since pictures are kept for some days after the end of their task.',
    message:
      'This picture was deleted 30 days after the task had ended. Create the task again to get another one.',
  },
  request_too_large: {
    when: 'The body is larger than any request has to be.',
    message: 'The body is larger than 256 kB; send pictures as addresses or uploads.',
  },
  unsupported_media_type: {
    when: 'The body is not JSON in UTF-8 by its Content-Type, or it is compressed.',
    message: 'The body must be JSON in UTF-8: send it with Content-Type: application/json.',
    param: 'Content-Type',
  },
  rate_limit_exceeded: {
    when: 'The key has sent too many requests, or the account has too many tasks that have not ended. Wait as long as Retry-After says.',
    message: 'This API key may send 300 request(s) a minute: send the next one in 1 s.',
  },
  internal_error: {
    when: 'Our fault. Sending it again is safe with the same Idempotency-Key.',
    message: 'Something went wrong on our side.',
  },
  service_unavailable: {
    when: 'Many requests of the account were in each other’s way. Wait as long as Retry-After says.',
    message: 'The account is busy; send the request again.',
  },
};
