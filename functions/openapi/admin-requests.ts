import {
  AccountPatch,
  AccountRequest,
  AccountsQuery,
  CreditRequest,
  EntriesQuery,
  RotationRequest,
} from '../task/admin/account-request.ts';
import { KeyPatch, KeyRequest, KeysQuery } from '../task/admin/key-request.ts';
import { models } from '../task/models.ts';
import { patterns } from './fields.ts';
import { requestSchema, type Words } from './json-schema.ts';
import { limitAndCursor } from './paging.ts';

// What the operator sends.

const group = { user_group: { description: 'The group of users it belongs to, a word of yours' } };
const limits = {
  limits: { description: 'What differs from the usual limits' },
  'limits.requests_per_minute': { description: 'For each key: tasks it may ask for in a minute' },
  'limits.tasks_in_flight': { description: 'For all keys together: tasks that have not ended' },
};
const oneLimit = ['requests_per_minute', 'tasks_in_flight'].map((limit) => ({
  required: [limit],
  properties: { [limit]: true },
}));
const account = { description: 'The account it belongs to', pattern: patterns.account.source };
const decimals = 'in credits with at most three decimals';
const mostCredits = 1e9;

const keyFields = {
  name: {
    description: 'What it is for; callers read it in refusals',
    ...{ minLength: 1, maxLength: 100, pattern: '\\S' },
  },
  scopes: { description: 'What it may do: `generate` tasks, or `admin`' },
  expires_at: { description: 'Until when it works, in unix seconds; `null`: for ever' },
  total_limit_credits: { description: `What it may spend in all, ${decimals}; \`null\`: no limit` },
  daily_limit_credits: { description: `What it may spend a day, ${decimals}; \`null\`: no limit` },
  reset_timezone: { description: 'The time zone in which its day begins, like `Europe/Berlin`' },
  allowed_models: {
    description: 'The models it may use; `null`: all of them',
    anyOf: [
      {
        type: 'array',
        minItems: 1,
        maxItems: 100,
        items: { type: 'string', enum: models.map(({ id }) => id) },
      },
      { type: 'null' },
    ],
  },
} satisfies Record<string, Words>;

/** The schemas of bodies, by the name they have in the document. */
export const adminBodies = {
  AccountRequest: requestSchema(AccountRequest, {
    '': { description: 'An account to make. It begins without credits' },
    id: { description: 'Its name, which never changes' },
    ...{ ...group, ...limits },
  }),
  AccountPatch: requestSchema(AccountPatch, {
    '': {
      description: 'What to change; at least one of both. A limit of `null` is the usual one again',
      anyOf: [
        { required: ['user_group'] },
        { required: ['limits'], properties: { limits: { anyOf: oneLimit } } },
      ],
    },
    ...{ ...group, ...limits },
  }),
  CreditRequest: requestSchema(CreditRequest, {
    '': { description: 'Credits to grant, or to withdraw' },
    credits: {
      description: `How many, ${decimals}; below 0 withdraws, and 0 is refused`,
      ...{ minimum: -mostCredits, maximum: mostCredits, not: { const: 0 } },
    },
    note: { description: 'What it was for, kept in the ledger' },
  }),
  RotationRequest: requestSchema(RotationRequest, {
    '': { description: 'How to change over' },
    overlap_hours: { description: 'How long callbacks are signed with the old secret as well' },
  }),
  KeyRequest: requestSchema(KeyRequest, {
    '': { description: 'A key to make' },
    account,
    ...keyFields,
  }),
  KeyPatch: requestSchema(KeyPatch, {
    '': {
      description: 'What to change; at least one field. `null` takes a limit away',
      anyOf: Object.keys(KeyPatch.shape).map((field) => ({ required: [field] })),
    },
    enabled: { description: 'Whether it works' },
    ...keyFields,
  }),
};

export const accountsQuery = requestSchema(AccountsQuery, {
  '': { description: 'Which accounts to list' },
  ...limitAndCursor,
});
export const entriesQuery = requestSchema(EntriesQuery, {
  '': { description: 'Which entries to list' },
  ...limitAndCursor,
});
export const keysQuery = requestSchema(KeysQuery, {
  '': { description: 'Which keys to list' },
  account: { ...account, description: 'The account whose keys to list' },
  ...limitAndCursor,
});
