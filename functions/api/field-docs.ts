import { callsPerCreate } from '../domain/accounts/rate-limit.ts';
import { keyLimits } from '../domain/model/api-key.ts';
import { modelNames, models } from '../domain/model/catalogue.ts';
import { maxPageSize, patterns } from '../domain/model/ids.ts';
import { uploadTypes } from '../domain/wire/request.ts';
import type { FieldDocs } from '../runtime/route.ts';

// What the document says about fields that several routes have.

/** A whole number in a query. It reaches zod as text. */
export const wholeNumber = { type: 'integer', pattern: undefined } as const;

/** How a list is read page by page. */
export const limitAndCursor = {
  limit: {
    description: 'How many entries a page has at most',
    ...wholeNumber,
    minimum: 1,
    maximum: maxPageSize,
  },
  cursor: { description: 'The `next_cursor` of the page before; without it, the first page' },
} as const;

/** A model by its id. */
export const anyModel = { enum: models.map(({ id }) => id) };
/** A model by its id or by one of its other names. */
export const anyModelName = { enum: modelNames() };

export const contentType: FieldDocs = {
  type: 'string',
  description:
    'The media type of the picture. In the end its content decides. Other usual spellings, like `image/jpg`, are accepted too',
  enum: uploadTypes,
};

export const accountGroup = {
  user_group: { description: 'The user group it belongs to; you choose the names' },
};

export const accountLimits = {
  limits: { description: 'Limits that differ from the defaults' },
  'limits.requests_per_minute': {
    description: `For each key: how many tasks it may create in a minute. It may send ${callsPerCreate} times as many requests that create nothing`,
  },
  'limits.tasks_in_flight': {
    description: 'For all keys together: how many tasks there may be that have not ended',
  },
};

/** The account that a request about keys is for. */
export const keyAccount: FieldDocs = {
  description: 'The account of the keys; without it, that of the key you call with',
  pattern: patterns.account.source,
};

export const creditDecimals = 'in credits with at most three decimals';

export const keyFields = {
  name: {
    description: 'What the key is for; callers see this name in error messages',
    minLength: 1,
    maxLength: keyLimits.name,
    pattern: '\\S',
  },
  scopes: {
    description:
      'What it may do: `read`, `generate`, `manage` or `admin`. With a key that has the scope `manage` you can give only `read` and `generate`',
  },
  expires_at: { description: 'Until when it works, in unix seconds; `null`: for ever' },
  total_limit_credits: {
    description: `What it may spend in all, ${creditDecimals}; \`null\`: no limit`,
  },
  daily_limit_credits: {
    description: `What it may spend a day, ${creditDecimals}; \`null\`: no limit`,
  },
  reset_timezone: {
    description: 'The time zone of its day, which begins at midnight there, like `Europe/Berlin`',
  },
  allowed_models: {
    description: 'The models it may use; `null`: all of them',
    items: { type: 'string', ...anyModel },
  },
} satisfies Record<string, FieldDocs>;
