import * as z from 'zod';
import type { Entry as LedgerEntry } from '../model/account.ts';
import { scopes } from '../model/api-key.ts';
import { auditedOperations } from '../model/audit.ts';
import { actorPattern, patterns } from '../model/ids.ts';
import { modes } from '../model/mode.ts';
import { maxQuotedCharacters } from '../model/receiver-response.ts';
import { accountName, credits, keyId, page, seconds, taskId } from '../wire/fields.ts';
import { CompletedCallback } from '../wire/task-schemas.ts';

// The responses about accounts, credits, API keys and the audit log. Handlers and use cases import only their types, so that
// no bundle carries them.

const kinds = [
  'grant',
  'withdraw',
  'reserve',
  'settle',
] as const satisfies readonly LedgerEntry['kind'][];
const count = (what: string) => z.int().min(0).describe(what);
const webhookSecret = z
  .string()
  .regex(patterns.webhookSecret)
  .describe('The secret that callbacks are signed with. It is shown in this response only');

export const Account = z
  .strictObject({
    object: z.literal('account'),
    id: accountName,
    user_group: z.string(),
    created: seconds('When the account was made'),
    credits: z
      .strictObject({
        granted: credits('All grants, minus all withdrawals'),
        balance: credits('What the account can spend'),
        reserved: credits('What is reserved for tasks that have not ended'),
        used: credits('What its tasks have cost'),
      })
      .describe('At all times `granted` is `balance` + `reserved` + `used`'),
    limits: z
      .strictObject({
        requests_per_minute: count('For each key: how many tasks it may create in a minute'),
        tasks_in_flight: count(
          'For all keys together: how many tasks there may be that have not ended',
        ),
      })
      .describe('Its limits'),
    tasks_in_flight: count('How many of its tasks have not ended'),
    enabled: z.boolean().describe('Whether its keys work'),
    daily_budget_credits: credits(
      'What the account should spend at most on one day (UTC); `null`: no budget',
    ).nullable(),
    stop_at_budget: z.boolean().describe('Whether creates beyond the budget are refused'),
  })
  .describe('An account: it has the credits, and API keys to spend them with');

export const AccountList = page(Account);

export const NewAccount = Account.safeExtend({ webhook_secret: webhookSecret }).describe(
  'A new account',
);

export const Entry = z
  .strictObject({
    object: z.literal('ledger_entry'),
    id: z.string().regex(patterns.entryId).describe('Unique in its account'),
    kind: z.enum(kinds),
    created: seconds('When it was written'),
    amount_credits: z.number().describe('By how many credits the entry changed the balance'),
    balance_credits: z
      .number()
      .nullable()
      .describe(
        'The balance after the entry. `null` when the account changed too often while it was read. In the response to a grant: the balance now',
      ),
    charged_credits: credits('What a settled task cost').nullable(),
    task_id: taskId.nullable(),
    key_id: keyId.nullable().describe('The key of the request that caused the entry'),
    note: z.string().nullable(),
  })
  .describe('One entry in the ledger of an account; never changed');

export const EntryList = page(Entry);

export const Credits = z
  .strictObject({
    data: z.strictObject({
      token: z
        .strictObject({
          id: keyId.describe('The id of the key'),
          name: z.string().describe('The name of the key'),
          scopes: z.array(z.enum(scopes)).min(1).describe('What it may do'),
          remaining_credits: credits('What this key may still spend'),
          unlimited_credits: z.boolean().describe('Whether the key has no limit of its own'),
          used_credits: credits('What its tasks have cost'),
          daily_limit_credits: credits('What it may spend a day, if there is a limit').optional(),
          daily_used_credits: credits('What it has spent today, if there is a limit').optional(),
          reset_timezone: z
            .string()
            .optional()
            .describe('The time zone in which its day begins at midnight'),
        })
        .describe('The API key'),
      user: z
        .strictObject({
          remaining_credits: credits('What the account may still spend'),
          used_credits: credits('What all its tasks have cost'),
        })
        .describe('The account'),
    }),
    message: z.literal(''),
    success: z.literal(true),
  })
  .describe(
    'The credits that a caller may still spend and has used: with this key, and of the account',
  );

export const WebhookSecret = z
  .strictObject({
    object: z.literal('webhook_secret'),
    account: accountName,
    webhook_secret: webhookSecret,
    previous_valid_until: seconds('Until when callbacks are also signed with the previous secret'),
  })
  .describe('The new secret of an account');

/** The body of a test event: that of the callback of a completed task, except for the id and the type. */
export const TestEvent = CompletedCallback.extend({
  id: z.string().regex(patterns.testTaskId).describe('An id that no task has'),
  type: z.literal('test.image'),
}).describe('An event that no task has caused');

export const WebhookTest = z
  .strictObject({
    object: z.literal('webhook_test'),
    event_id: z.string().describe('The `webhook-id` of the event, new for each test'),
    delivered: z.boolean().describe('Whether the receiver answered with a 2xx'),
    status: z.int().nullable().describe('The HTTP status of the response; `null`: there was none'),
    ms: z.int().min(0).describe('How many milliseconds it took until the status, or the failure'),
    reason: z.string().nullable().describe('Why the event was not delivered, for people'),
    response_text: z
      .string()
      .nullable()
      .describe(
        `The first ${maxQuotedCharacters} characters of the response, if it is text; without control characters`,
      ),
  })
  .describe('The result of a test event');

const usageFields = {
  object: z.literal('usage'),
  day: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .optional()
    .describe('The day (UTC) on which the tasks ended; absent without `day` in `group_by`'),
  key_id: keyId
    .optional()
    .describe('The key that the tasks were made with; absent without `key` in `group_by`'),
  key_name: z
    .string()
    .nullable()
    .optional()
    .describe('The name of that key, also when it was deleted'),
  model: z.string().optional().describe('The model; absent without `model` in `group_by`'),
  tasks: count('How many tasks ended'),
  failed: count('How many of them ended without an image, cancelled ones included'),
  images: count('How many images were made'),
  credits: credits('What the images cost'),
  success_share: z.number().min(0).max(1).describe('The share of tasks that were completed'),
  seconds_p50: z
    .number()
    .nullable()
    .describe(
      'The median duration of the completed tasks in seconds, from the moment when all pictures were there; exact to 10 %. `null` without completed tasks',
    ),
  seconds_p95: z
    .number()
    .nullable()
    .describe('95 % of the completed tasks took at most so many seconds; else like `seconds_p50`'),
};

/** What an account has used. */
const Usage = z.strictObject(usageFields).describe('What was used, in one group');

/** What an account has used, as the operator sees it. */
const AdminUsage = z
  .strictObject({
    ...usageFields,
    account: accountName.optional().describe('The account; absent without `account` in `group_by`'),
    provider_cost_usd: z
      .number()
      .min(0)
      .nullable()
      .describe(
        'What the providers charge for the images, in US dollars; `null` when the model catalogue lacks a price for some',
      ),
  })
  .describe('What was used, in one group, and what it cost you');

export const Key = z
  .strictObject({
    object: z.literal('api_key'),
    id: keyId,
    account: accountName,
    mode: z
      .enum(modes)
      .describe(
        '`test`: a key of test mode, which uses the sandbox provider and play credits. It never changes',
      ),
    name: z.string(),
    is_session: z
      .boolean()
      .describe(
        'Whether the key is a session of the operator in the console, which ends by itself',
      ),
    scopes: z.array(z.enum(scopes)).min(1).describe('What it may do'),
    enabled: z.boolean(),
    created: seconds('When it was made'),
    expires_at: seconds('Until when it works').nullable(),
    last_used_at: seconds('When it was last used, to the minute').nullable(),
    last_four: z.string().length(4).describe('The last four characters of the key'),
    total_limit_credits: credits('What it may spend in all; `null`: no limit').nullable(),
    daily_limit_credits: credits('What it may spend a day; `null`: no limit').nullable(),
    reset_timezone: z.string().describe('The time zone in which its day begins at midnight'),
    allowed_models: z
      .array(z.string())
      .nullable()
      .describe('The models it may use; `null`: all of them'),
    used_credits: credits('What its tasks have cost'),
    reserved_credits: credits('What is reserved for its tasks that have not ended'),
    daily_used_credits: credits('What it has spent today, including what is reserved')
      .nullable()
      .describe('Counted for keys with a daily limit only, else `null`'),
  })
  .describe('An API key, without the key itself');

export const KeyList = page(Key);

export const NewKey = Key.safeExtend({
  api_key: z.string().regex(patterns.apiKey).describe('The key. It is shown in this response only'),
}).describe('A new API key');

export const DeletedKey = z
  .strictObject({ object: z.literal('api_key'), id: keyId, deleted: z.literal(true) })
  .describe('A deleted key; its tasks continue');

const period = {
  from: z.string().describe('The first day'),
  to: z.string().describe('The last day'),
};

export const UsageList = page(Usage).extend(period).describe('A page of usage');

export const AdminUsageList = page(AdminUsage).extend(period).describe('A page of usage');

const auditedFields = (what: string) =>
  z
    .record(z.string(), z.unknown())
    .nullable()
    .describe(
      `${what}. The fields have the names that they have in requests; the values are texts, numbers, booleans or lists of texts`,
    );

export const AuditEntry = z
  .strictObject({
    object: z.literal('audit_entry'),
    id: z.string().regex(patterns.auditId),
    created: seconds('When the change was made'),
    operation: z
      .enum(auditedOperations)
      .describe(
        'What was done: the id of the operation in this document, or `issueKey` and `issueConsoleCode`',
      ),
    actor: z
      .strictObject({
        key_id: z
          .string()
          .regex(new RegExp(actorPattern))
          .describe('The API key; `operator` for the function that issues keys'),
        key_name: z.string().describe('The name of the key at that time'),
      })
      .describe('Who did it'),
    account: accountName.describe(
      'The account that was changed, or that the key or task belongs to',
    ),
    task_id: taskId.nullable().describe('The task, if a task was changed'),
    key_id: keyId.nullable().describe('The API key, if a key was changed'),
    before: auditedFields('The changed fields before the change; `null` when there was nothing'),
    after: auditedFields(
      'The same fields after the change, or the result; `null` when there is nothing',
    ),
    request_id: z.string().describe('The `x-request-id` of the response'),
  })
  .describe('A change by the operator, or by somebody who manages an account');

export const AuditList = page(AuditEntry);
