import { accountsQuery, entriesQuery } from './admin-requests.ts';
import type { Operations } from './operation.ts';
import * as samples from './samples.ts';

const common = { tag: 'Accounts', scope: 'admin' } as const;
const ofOne = ['account_not_found', 'internal_error'] as const;
const list = (data: readonly unknown[]) => ({ object: 'list', data, next_cursor: null });

/** The operator's routes about accounts. */
export const accountOperations = {
  'POST /v1/admin/accounts': {
    ...{ ...common, id: 'createAccount', summary: 'Make an account' },
    description: 'It begins without credits and without keys. Its webhook secret is shown once.',
    body: {
      schema: 'AccountRequest',
      examples: {
        small: { id: samples.account },
        limited: {
          ...{ id: 'guest', user_group: 'trial' },
          limits: { requests_per_minute: 60, tasks_in_flight: 10 },
        },
      },
    },
    answer: {
      ...{ schema: 'NewAccount', description: 'The account, with its secret' },
      examples: { small: samples.newAccount },
    },
    refusals: ['account_exists', 'internal_error'],
  },
  'GET /v1/admin/accounts': {
    ...{ ...common, id: 'listAccounts', summary: 'List accounts' },
    description: 'All accounts by name, page by page.',
    query: accountsQuery,
    answer: {
      ...{ schema: 'AccountList', description: 'A page of accounts' },
      examples: { page: list([samples.paidAccount]) },
    },
    refusals: ['invalid_request', 'internal_error'],
  },
  'GET /v1/admin/accounts/{account}': {
    ...{ ...common, id: 'getAccount', summary: 'Read an account' },
    description: 'What it has, what it may do, and how busy it is.',
    answer: {
      ...{ schema: 'Account', description: 'The account' },
      examples: { paid: samples.paidAccount },
    },
    refusals: ofOne,
  },
  'PATCH /v1/admin/accounts/{account}': {
    ...{ ...common, id: 'changeAccount', summary: 'Change an account' },
    description: 'Its group or its limits; what is left out stays as it is.',
    body: {
      schema: 'AccountPatch',
      examples: {
        group: { user_group: 'vip' },
        usualLimits: { limits: { requests_per_minute: null, tasks_in_flight: null } },
      },
    },
    answer: {
      ...{ schema: 'Account', description: 'The account as it is now' },
      examples: { paid: samples.paidAccount },
    },
    refusals: ofOne,
  },
  'POST /v1/admin/accounts/{account}/credits': {
    ...{ ...common, id: 'creditAccount', repeatable: true, summary: 'Grant or withdraw credits' },
    description: 'Send an Idempotency-Key, and a repeated request counts once.',
    body: {
      schema: 'CreditRequest',
      examples: {
        grant: { credits: 100, note: 'invoice 7' },
        withdraw: { credits: -12.5, note: 'refund' },
      },
    },
    answer: {
      ...{ schema: 'Entry', description: 'The entry in the ledger of the account' },
      examples: { grant: samples.grant },
    },
    refusals: [
      ...ofOne,
      ...(['insufficient_quota', 'idempotency_conflict', 'service_unavailable'] as const),
    ],
  },
  'GET /v1/admin/accounts/{account}/entries': {
    ...{ ...common, id: 'listEntries', summary: 'Read a ledger' },
    description: 'Every movement of the money of the account, the newest first, page by page.',
    query: entriesQuery,
    answer: {
      ...{ schema: 'EntryList', description: 'A page of entries' },
      examples: { page: list(samples.entries) },
    },
    refusals: [...ofOne, 'invalid_request'],
  },
  'POST /v1/admin/accounts/{account}/webhook-secret': {
    ...{ ...common, id: 'rotateSecret', summary: 'Make a new webhook secret' },
    description:
      'Callbacks are signed with the old one as well, for as long as receivers need to change over.',
    body: {
      ...{ schema: 'RotationRequest', optional: true },
      examples: { atOnce: { overlap_hours: 0 }, twoDays: { overlap_hours: 48 } },
    },
    answer: {
      ...{ schema: 'WebhookSecret', description: 'The new secret' },
      examples: {
        twoDays: {
          ...{ object: 'webhook_secret', account: samples.account },
          webhook_secret: samples.newAccount.webhook_secret,
          previous_valid_until: 1_772_616_640,
        },
      },
    },
    refusals: ofOne,
  },
} as const satisfies Operations;
