import * as z from 'zod';
import { keyLimits, type ManagedField, type Scope, scopes, testScopes } from '../model/api-key.ts';
import { findModel, models } from '../model/catalogue.ts';
import { isKeyId } from '../model/ids.ts';
import { type Mode, modes } from '../model/mode.ts';
import { isMilliCredits, maxCredits, toMilliCredits } from '../model/money.ts';
import { cursorKeySchema, cursorSchema, limitSchema } from '../wire/cursor.ts';
import { isAccountName } from './account-request.ts';

const rules = {
  body: 'The body must be a JSON object.',
  account: 'account must be the name of an account',
  name: `name must be a text of 1 to ${keyLimits.name} characters`,
  mode: `mode must be one of: ${modes.join(', ')}`,
  enabled: 'enabled must be true or false',
  scopes: `scopes must be a list out of: ${scopes.join(', ')}`,
  testScopes: `scopes of a test key must be out of: ${[...testScopes].join(', ')}`,
  expiresAt: 'expires_at must be a time in unix seconds',
  total: `total_limit_credits must be a number from 0 to ${maxCredits} with at most 3 decimals`,
  daily: `daily_limit_credits must be a number from 0 to ${maxCredits} with at most 3 decimals`,
  timeZone: 'reset_timezone must be the name of a time zone, like Europe/Berlin',
  models: `allowed_models must be a list out of: ${models.map(({ id }) => id).join(', ')}`,
  nothing: 'There is nothing to change: send at least one field of the key.',
} as const;

const credits = (rule: string) =>
  z
    .number(rule)
    .min(0, rule)
    .max(maxCredits, rule)
    .refine(isMilliCredits, rule)
    .transform(toMilliCredits);

function isTimeZone(text: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: text }));
  } catch {
    return false;
  }
}

// 9999-12-31: a later time is milliseconds sent as seconds.
const lastSecond = 253_402_300_799;

const fields = {
  account: z.string(rules.account).refine(isAccountName, rules.account),
  name: z
    .string(rules.name)
    .refine((text) => text.trim() !== '' && [...text].length <= keyLimits.name, rules.name),
  scopes: z
    .array(z.enum(scopes, rules.scopes), rules.scopes)
    .min(1, rules.scopes)
    .max(scopes.length, rules.scopes),
  expires_at: z
    .int(rules.expiresAt)
    .min(0, rules.expiresAt)
    .max(lastSecond, rules.expiresAt)
    .transform((seconds) => seconds * 1000),
  total_limit_credits: credits(rules.total),
  daily_limit_credits: credits(rules.daily),
  reset_timezone: z.string(rules.timeZone).refine(isTimeZone, rules.timeZone),
  allowed_models: z
    .array(
      z.string(rules.models).refine((id) => findModel(id) !== undefined, rules.models),
      rules.models,
    )
    .min(1, rules.models)
    .max(keyLimits.models, rules.models),
} as const;

/** What is wrong with these scopes of a key in this mode, if anything. */
export const scopesProblem = (
  mode: Mode | undefined,
  wanted: readonly Scope[] = [],
): string | undefined =>
  mode === 'test' && wanted.some((scope) => !testScopes.has(scope)) ? rules.testScopes : undefined;

/**
 * The body of `POST /v1/admin/keys`. Without `account` the key belongs to the caller's account. A limit that is
 * `null` or absent means no limit; absent in a request of a key with the scope `manage`, the limit of that key.
 */
export const KeyRequest = z
  .object(
    {
      account: fields.account.optional(),
      name: fields.name,
      mode: z.enum(modes, rules.mode).default('live'),
      scopes: fields.scopes.default(['generate']),
      expires_at: fields.expires_at.nullish(),
      total_limit_credits: fields.total_limit_credits.nullish(),
      daily_limit_credits: fields.daily_limit_credits.nullish(),
      reset_timezone: fields.reset_timezone.default('UTC'),
      allowed_models: fields.allowed_models.nullish(),
    },
    rules.body,
  )
  .superRefine(({ mode, scopes: wanted }, context) => {
    const message = scopesProblem(mode, wanted);
    if (message) context.addIssue({ code: 'custom', path: ['scopes'], message });
  });
export type KeyRequest = z.output<typeof KeyRequest>;

/** The body of `PATCH /v1/admin/keys/{key_id}`. `null` removes a limit. */
export const KeyPatch = z
  .object(
    {
      name: fields.name.optional(),
      enabled: z.boolean(rules.enabled).optional(),
      scopes: fields.scopes.optional(),
      expires_at: fields.expires_at.nullish(),
      total_limit_credits: fields.total_limit_credits.nullish(),
      daily_limit_credits: fields.daily_limit_credits.nullish(),
      reset_timezone: fields.reset_timezone.optional(),
      allowed_models: fields.allowed_models.nullish(),
    },
    rules.body,
  )
  .refine((patch) => Object.keys(patch).length > 0, rules.nothing);
export type KeyPatch = z.output<typeof KeyPatch>;

/** The query of `GET /v1/admin/keys`. Without `account` the keys of the caller's account are listed. */
export const KeysQuery = z.strictObject({
  account: fields.account.optional(),
  limit: limitSchema,
  cursor: cursorSchema(cursorKeySchema(isKeyId)),
});
export type KeysQuery = z.output<typeof KeysQuery>;

/** The name of each field in a request. */
export const wireNames = {
  scopes: 'scopes',
  expiresAt: 'expires_at',
  totalLimit: 'total_limit_credits',
  dailyLimit: 'daily_limit_credits',
  timeZone: 'reset_timezone',
  allowedModels: 'allowed_models',
} as const satisfies Record<ManagedField, keyof KeyPatch>;
