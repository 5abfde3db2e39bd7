import * as z from 'zod';
import { type EntryCursor, maxLimit, maxNoteLength, maxOverlapHours } from '../model/account.ts';
import { canaryAccount } from '../model/canary.ts';
import { consoleAccount } from '../model/console-code.ts';
import { patterns } from '../model/ids.ts';
import { isMilliCredits, maxCredits, toMilliCredits } from '../model/money.ts';
import { maxUrlLength } from '../model/task.ts';
import { cursorSchema, limitSchema } from '../wire/cursor.ts';

/** Accounts that Darkroom makes for itself. A caller's account with such a name would get their keys and sessions. */
const reservedAccounts: readonly string[] = [consoleAccount, canaryAccount];

const rules = {
  body: 'The body must be a JSON object.',
  id: 'id must be 1 to 63 characters out of a-z 0-9 -, and not begin with -',
  reserved: `id cannot be ${reservedAccounts.join(' or ')}: these are accounts of Darkroom itself`,
  userGroup: 'user_group must be 1 to 63 characters out of a-z 0-9 -, and not begin with -',
  limits: 'limits must be an object like {"requests_per_minute": 60, "tasks_in_flight": 10}',
  requests: `limits.requests_per_minute must be a whole number from 1 to ${maxLimit}`,
  tasks: `limits.tasks_in_flight must be a whole number from 1 to ${maxLimit}`,
  credits: `credits must be a number with at most 3 decimals, not 0 and not above ${maxCredits}; below 0 withdraws`,
  note: `note must be a text of at most ${maxNoteLength} characters`,
  overlap: `overlap_hours must be a number from 0 to ${maxOverlapHours}`,
  url: `url is required: an https address of at most ${maxUrlLength} characters`,
  enabled: 'enabled must be true or false',
  budget: `daily_budget_credits must be a number with at most 3 decimals, above 0 and not above ${maxCredits}, or null`,
  stop: 'stop_at_budget must be true or false',
  nothing:
    'There is nothing to change: send user_group, limits, enabled, daily_budget_credits or stop_at_budget.',
} as const;

const name = (rule: string) => z.string(rule).regex(patterns.account, rule);
const count = (rule: string) => z.int(rule).min(1, rule).max(maxLimit, rule);

/** Whether a text can be the name of an account or of a group of users. */
export const isAccountName = (text: string): boolean => name(rules.id).safeParse(text).success;

/** Whether an account that somebody makes can have this name. */
export const isFreeName = (text: string): boolean => !reservedAccounts.includes(text);

/** The body of `POST /v1/admin/accounts`. */
export const AccountRequest = z.object(
  {
    id: name(rules.id).refine(isFreeName, rules.reserved),
    user_group: name(rules.userGroup).default('default'),
    limits: z
      .object(
        {
          requests_per_minute: count(rules.requests).optional(),
          tasks_in_flight: count(rules.tasks).optional(),
        },
        rules.limits,
      )
      .default({}),
  },
  rules.body,
);
export type AccountRequest = z.output<typeof AccountRequest>;

/** The body of `PATCH /v1/admin/accounts/{account}`. */
export const AccountPatch = z
  .object(
    {
      user_group: name(rules.userGroup).optional(),
      enabled: z.boolean(rules.enabled).optional(),
      daily_budget_credits: z
        .number(rules.budget)
        .positive(rules.budget)
        .max(maxCredits, rules.budget)
        .refine(isMilliCredits, rules.budget)
        .transform(toMilliCredits)
        .nullable()
        .optional(),
      stop_at_budget: z.boolean(rules.stop).optional(),
      limits: z
        .object(
          {
            requests_per_minute: count(rules.requests).nullable().optional(),
            tasks_in_flight: count(rules.tasks).nullable().optional(),
          },
          rules.limits,
        )
        .optional(),
    },
    rules.body,
  )
  .refine(
    ({ limits = {}, ...others }) =>
      Object.values(others).some((value) => value !== undefined) || Object.keys(limits).length > 0,
    rules.nothing,
  );
export type AccountPatch = z.output<typeof AccountPatch>;

/** The body of `POST /v1/admin/accounts/{account}/credits`. */
export const CreditRequest = z.object(
  {
    credits: z
      .number(rules.credits)
      .refine((credits) => credits !== 0 && Math.abs(credits) <= maxCredits, rules.credits)
      .refine(isMilliCredits, rules.credits)
      .transform(toMilliCredits),
    note: z.string(rules.note).max(maxNoteLength, rules.note).optional(),
  },
  rules.body,
);
export type CreditRequest = z.output<typeof CreditRequest>;

/** The body of `POST /v1/admin/accounts/{account}/webhook-secret`. */
export const RotationRequest = z
  .object(
    {
      overlap_hours: z
        .number(rules.overlap)
        .min(0, rules.overlap)
        .max(maxOverlapHours, rules.overlap)
        .default(24),
    },
    rules.body,
  )
  .prefault({});
export type RotationRequest = z.output<typeof RotationRequest>;

/** The body of `POST /v1/webhooks/test`. */
export const WebhookTestRequest = z.object(
  { url: z.string(rules.url).min(1, rules.url).max(maxUrlLength, rules.url) },
  rules.body,
);
export type WebhookTestRequest = z.output<typeof WebhookTestRequest>;

/** The query of `GET /v1/admin/accounts`. */
export const AccountsQuery = z.strictObject({
  limit: limitSchema,
  cursor: cursorSchema(z.string().refine(isAccountName)),
});
export type AccountsQuery = z.output<typeof AccountsQuery>;

/** The query of `GET /v1/admin/accounts/{account}/entries`. */
export const EntriesQuery = z.strictObject({
  limit: limitSchema,
  cursor: cursorSchema(
    z
      .tuple([z.string().regex(patterns.entryId), z.int().nullable()])
      .transform(([id, balance]): EntryCursor => ({ id, balance: balance ?? undefined })),
  ),
});
export type EntriesQuery = z.output<typeof EntriesQuery>;
