import * as z from 'zod';
import { modelNotFound } from '../api/list-models/view.ts';
import { noSuchRoute, trailingSlash } from '../api/not-found/route.ts';
import { accountExists, accountNotFound } from '../domain/accounts/accounts.ts';
import {
  invalidApiKey,
  keyDisabled,
  keyExpired,
  scopeMissing,
} from '../domain/accounts/authenticate.ts';
import { keyNotFound } from '../domain/accounts/keys.ts';
import { tooManyRequests } from '../domain/accounts/rate-limit.ts';
import { idempotencyConflict, idempotencyTtlMs } from '../domain/billing/idempotency.ts';
import { busyProblem, reserveProblem } from '../domain/billing/ledger.ts';
import {
  fileDownloadFailed,
  fileQuotaExceeded,
  storageFailed,
  unsupportedFileType,
} from '../domain/files/upload-file.ts';
import { defaultLimits } from '../domain/model/account.ts';
import { defaultModel } from '../domain/model/catalogue.ts';
import { hourMs, spellDuration } from '../domain/model/duration.ts';
import { formatList } from '../domain/model/image-format.ts';
import { Problem, type ProblemCode, problemCodes } from '../domain/model/problem.ts';
import { taskEnded, taskNotCancellable } from '../domain/tasks/cancel-task.ts';
import { modelNotAllowed } from '../domain/tasks/create-task.ts';
import { resultExpired } from '../domain/tasks/get-result.ts';
import { invalidTaskId, taskNotFound, taskRunning } from '../domain/tasks/get-task.ts';
import { fileNotFound } from '../domain/tasks/input-files.ts';
import { pictureLinkSeconds, pictureTooLarge } from '../domain/wire/deliver-picture.ts';
import { credits, seconds } from '../domain/wire/fields.ts';
import { nRule } from '../domain/wire/request.ts';
import { internalError } from '../runtime/http.ts';
import { bodyNotJson, bodyTooLarge } from '../runtime/json-body.ts';
import { type Json, maxJsonBytes } from '../runtime/route.ts';
import { oneOf, pascalCase } from './json-schema.ts';

type ErrorDocs = {
  /** When it is returned. */
  readonly when: string;
  /** The problem, made by the code that returns it. */
  readonly example: Problem;
  /** The schemas of its further fields. */
  readonly details?: { readonly [name: string]: z.ZodType };
};

const taskId = 'task-unified-1757156493-imcg5zqt';
const keyName = 'shop';
/** A create of two images. */
const request = { price: 2400, n: 2, caller: { keyName, timeZone: 'Europe/Berlin' } };
const aKeyName = z.string().describe('The name of the API key');
const estimated = credits('What the task would have reserved');
const remaining = credits('What the key may still spend');

/** What the document says about each HTTP error. */
const errorDocs: Readonly<Record<ProblemCode, ErrorDocs>> = {
  moved_permanently: {
    when: 'The path ends with a slash. `Location` has the path without it.',
    example: trailingSlash('/v1/tasks/', ''),
  },
  invalid_request: {
    when: 'The body, a parameter or a header breaks a rule; `param` names it.',
    example: new Problem('invalid_request', nRule, { param: 'n' }),
  },
  invalid_task_id: {
    when: 'The id in the path is not a task id.',
    example: invalidTaskId(),
  },
  file_download_failed: {
    when: 'The address could not be fetched, or it did not respond with the file.',
    example: fileDownloadFailed('answered with status 404'),
  },
  unauthorized: {
    when: 'There is no key, or it is not valid.',
    example: invalidApiKey(),
  },
  KEY_DISABLED: {
    when: 'The key or its account is disabled.',
    example: keyDisabled(keyName),
    details: { key_name: aKeyName },
  },
  KEY_EXPIRED: {
    when: 'The key was valid until `expired_at`; or a session has ended because it was not used.',
    example: keyExpired(keyName, 1_757_000_000_000),
    details: {
      key_name: aKeyName,
      expired_at: seconds(
        'When it expired; absent for a session that has ended because it was not used',
      ).optional(),
    },
  },
  insufficient_quota: {
    when: 'The account has too few credits.',
    example: reserveProblem({ state: 'insufficient', balance: 1200 }, request),
    details: {
      estimated_credits: estimated.optional(),
      account_balance_credits: credits('What the account has'),
    },
  },
  KEY_QUOTA_EXHAUSTED: {
    when: 'The task would bring the key above its limit.',
    example: reserveProblem(
      { state: 'key_exhausted', totalLimit: 10_000, used: 8800, remaining: 1200 },
      request,
    ),
    details: {
      key_name: aKeyName,
      estimated_credits: estimated,
      total_limit_credits: credits('What the key may spend'),
      used_credits: credits('What its tasks have cost'),
      remaining_credits: remaining,
    },
  },
  KEY_DAILY_QUOTA_EXHAUSTED: {
    when: 'The task would bring the key above its limit for today.',
    example: reserveProblem(
      { state: 'key_exhausted_today', dailyLimit: 5000, remaining: 1200 },
      request,
    ),
    details: {
      key_name: aKeyName,
      estimated_credits: estimated,
      daily_limit_credits: credits('What the key may spend a day'),
      daily_used_credits: credits('What it has spent today'),
      remaining_credits: remaining,
      reset_timezone: z.string().describe('The time zone in which its day begins at midnight'),
    },
  },
  daily_budget_exhausted: {
    when: 'The task would bring the account above its daily budget, and the account is set to stop there.',
    example: reserveProblem({ state: 'over_budget', budget: 50_000, remaining: 1200 }, request),
    details: {
      estimated_credits: estimated,
      daily_budget_credits: credits('What the account should spend at most on one day (UTC)'),
      remaining_credits: remaining,
    },
  },
  permission_denied: {
    when: 'The key lacks the scope of this route, or it may not make this change; or a signed link is not valid.',
    example: scopeMissing('generate'),
  },
  KEY_MODEL_NOT_ALLOWED: {
    when: 'The key may not use this model.',
    example: modelNotAllowed(defaultModel.id, keyName, ['another-model']),
    details: {
      key_name: aKeyName,
      allowed_models: z.array(z.string()).describe('The models it may use'),
    },
  },
  not_found: {
    when: 'There is no such route, or it has another method.',
    example: noSuchRoute('GET', '/v1/nothing'),
  },
  task_not_found: {
    when: 'There is no such task, it was deleted, it has expired, or it belongs to another account.',
    example: taskNotFound(taskId),
  },
  model_not_found: {
    when: 'There is no model of this name.',
    example: modelNotFound(),
  },
  file_not_found: {
    when: 'There is no such file, it was deleted, it has expired, or it belongs to another account.',
    example: fileNotFound(),
  },
  account_not_found: {
    when: 'There is no account of this name.',
    example: accountNotFound('nobody'),
  },
  key_not_found: {
    when: 'There is no key with this id, or it was deleted.',
    example: keyNotFound('key-0123456789abcdef'),
  },
  account_exists: {
    when: 'There is an account of this name already.',
    example: accountExists('shop'),
  },
  file_quota_exceeded: {
    when: 'The account has as many stored files as its user group may have.',
    example: fileQuotaExceeded(100),
  },
  idempotency_conflict: {
    when: `The Idempotency-Key was used for another request within ${idempotencyTtlMs / hourMs} hours, or the task that it has created was deleted.`,
    example: idempotencyConflict(),
  },
  task_ended: {
    when: 'The task has already ended.',
    example: taskEnded(taskId),
  },
  task_not_cancellable: {
    when: 'The provider works on the task already, or cannot cancel.',
    example: taskNotCancellable(taskId),
  },
  task_running: {
    when: 'The task has not ended yet.',
    example: taskRunning(taskId),
  },
  picture_too_large: {
    when: 'The request has the header `Authorization`, and the picture is too large for a response: `url` leads to it.',
    example: pictureTooLarge('https://results.example.com/1.png?X-Amz-Signature=5d0c'),
    details: {
      url: z
        .url()
        .describe(
          `The address of the picture: it works for ${spellDuration(pictureLinkSeconds * 1000)}, without a key`,
        ),
    },
  },
  result_expired: {
    when: 'The picture was deleted: with its task, or because pictures are kept only for some days after the end of their task.',
    example: resultExpired(30),
  },
  request_too_large: {
    when: 'The body is larger than this route accepts.',
    example: bodyTooLarge(maxJsonBytes),
  },
  unsupported_media_type: {
    when: 'The Content-Type is not what the route accepts (JSON in UTF-8, or a form), or the body is compressed.',
    example: bodyNotJson(),
  },
  unsupported_file_type: {
    when: 'The file is not a whole picture in a format that is accepted.',
    example: unsupportedFileType('a GIF', `export it as ${formatList} and send it again`),
  },
  rate_limit_exceeded: {
    when: 'The key has sent too many requests, or the account has too many tasks that have not ended. Wait as long as Retry-After says.',
    example: tooManyRequests({
      rate: { limit: defaultLimits.requestsPerMinute, remaining: 0, resetAt: 0 },
      waitMs: 200,
    }),
  },
  internal_error: {
    when: 'Our fault. Sending it again is safe with the same Idempotency-Key.',
    example: internalError(),
  },
  storage_failed: {
    when: 'Our fault: the file could not be stored. Sending it again is safe.',
    example: storageFailed(),
  },
  service_unavailable: {
    when: 'Many requests of the account changed the same data at the same time. Wait as long as Retry-After says.',
    example: busyProblem(),
  },
};

export const whenReturned = (code: ProblemCode): string => errorDocs[code].when;
export const statusOf = (code: ProblemCode): number => new Problem(code, '').status;

/** An example of the problem with this code. */
export const problemExample = (code: ProblemCode): Problem => errorDocs[code].example;

/** The schema of each error, by the name it has in the document. */
export const problemSchemas: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  problemCodes.map((code) => [problemName(code), problemSchema(code)]),
);

/** The schema of a response with one of these codes. */
export const envelope = (codes: readonly ProblemCode[]): Json => ({
  type: 'object',
  required: ['error'],
  additionalProperties: false,
  properties: { error: oneOf('code', codes, problemName) },
});

function problemName(code: ProblemCode): string {
  return `${pascalCase(code)}Error`;
}

function problemSchema(code: ProblemCode): z.ZodType {
  const { when, details = {} } = errorDocs[code];
  const { error } = new Problem(code, '').toJSON();
  return z
    .strictObject({
      code: z.literal(code).describe('What is wrong. Branch on this'),
      message: z.string().describe('For people; it may change'),
      type: z.literal(error.type),
      param: z
        .string()
        .nullable()
        .describe('The field that is wrong, if the error is about one field'),
      ...details,
    })
    .describe(when);
}
