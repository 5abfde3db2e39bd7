import { keysQuery } from './admin-requests.ts';
import type { Operations } from './operation.ts';
import * as samples from './samples.ts';

const common = { tag: 'Keys', scope: 'admin' } as const;
const ofOne = ['key_not_found', 'internal_error'] as const;
const ofAccount = ['invalid_request', 'account_not_found', 'internal_error'] as const;

/** The operator's routes about API keys. */
export const keyOperations = {
  'POST /v1/admin/keys': {
    ...{ ...common, id: 'createKey', summary: 'Make an API key' },
    description: 'The key is shown in this answer and never again.',
    body: {
      schema: 'KeyRequest',
      examples: {
        small: { account: samples.account, name: 'web' },
        limited: {
          ...{ account: samples.account, name: 'web', scopes: ['generate'] },
          ...{ expires_at: 1_798_761_600, total_limit_credits: 1000, daily_limit_credits: 50 },
          ...{ reset_timezone: 'Europe/Berlin', allowed_models: ['wan2.5-image-to-image'] },
        },
      },
    },
    answer: {
      ...{ schema: 'NewKey', description: 'The key' },
      examples: { limited: samples.newKey },
    },
    refusals: ofAccount,
  },
  'GET /v1/admin/keys': {
    ...{ ...common, id: 'listKeys', summary: 'List API keys' },
    description: 'The keys of an account, the newest first, page by page.',
    query: keysQuery,
    answer: {
      ...{ schema: 'KeyList', description: 'A page of keys' },
      examples: { page: { object: 'list', data: [samples.usedKey], next_cursor: null } },
    },
    refusals: ofAccount,
  },
  'GET /v1/admin/keys/{key_id}': {
    ...{ ...common, id: 'getKey', summary: 'Read an API key' },
    description: 'Everything about it but the key itself.',
    answer: {
      ...{ schema: 'Key', description: 'The key' },
      examples: { used: samples.usedKey },
    },
    refusals: ofOne,
  },
  'PATCH /v1/admin/keys/{key_id}': {
    ...{ ...common, id: 'changeKey', summary: 'Change an API key' },
    description:
      'Renames it, switches it off or on, or sets what it may do; it may take a minute to be seen everywhere.',
    body: {
      schema: 'KeyPatch',
      examples: {
        off: { enabled: false },
        unlimited: { total_limit_credits: null, daily_limit_credits: null },
      },
    },
    answer: {
      ...{ schema: 'Key', description: 'The key as it is now' },
      examples: { used: samples.usedKey },
    },
    refusals: ofOne,
  },
  'DELETE /v1/admin/keys/{key_id}': {
    ...{ ...common, id: 'deleteKey', summary: 'Delete an API key' },
    description: 'It is no key any more, at the latest after a minute; its tasks go on.',
    answer: {
      ...{ schema: 'DeletedKey', description: 'It is gone' },
      examples: { gone: { object: 'api_key', id: samples.keyId, deleted: true } },
    },
    refusals: ofOne,
  },
} as const satisfies Operations;
