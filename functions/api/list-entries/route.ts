import { EntriesQuery } from '../../domain/accounts/account-request.ts';
import { EntryList } from '../../domain/accounts/schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import { limitAndCursor } from '../field-docs.ts';
import { account } from '../path-parameters.ts';

export const response = EntryList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/admin/accounts/{account}/entries',
  function: 'admin-reads',
  access: { scope: 'admin' },
  params: { account },
  query: EntriesQuery,
  errors: ['account_not_found', 'internal_error', 'invalid_request'],
});

export const docs = (): RouteDocs => ({
  id: 'listEntries',
  tag: 'Accounts',
  summary: 'Read a ledger',
  description: 'All entries of the account, the newest first, page by page.',
  query: { '': { description: 'Which entries to list' }, ...limitAndCursor },
  response: {
    name: 'EntryList',
    description: 'A page of entries',
    examples: { page: { object: 'list', data: examples.entries, next_cursor: null } },
  },
});
