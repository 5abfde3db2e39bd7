import { KeysQuery } from '../../domain/accounts/key-request.ts';
import { KeyList } from '../../domain/accounts/schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import { keyAccount, limitAndCursor } from '../field-docs.ts';

export const response = KeyList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/admin/keys',
  function: 'admin-reads',
  access: { scope: 'manage' },
  rateLimit: 'calls',
  query: KeysQuery,
  errors: ['rate_limit_exceeded', 'invalid_request', 'account_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'listKeys',
  tag: 'Keys',
  summary: 'List API keys',
  description: 'The keys of an account, the newest first, page by page.',
  query: {
    '': { description: 'Which keys to list' },
    account: keyAccount,
    ...limitAndCursor,
  },
  response: {
    name: 'KeyList',
    description: 'A page of keys',
    examples: { page: { object: 'list', data: [examples.usedKey], next_cursor: null } },
  },
});
