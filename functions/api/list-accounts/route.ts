import { AccountsQuery } from '../../domain/accounts/account-request.ts';
import { AccountList } from '../../domain/accounts/schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import { limitAndCursor } from '../field-docs.ts';

export const response = AccountList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/admin/accounts',
  function: 'admin-reads',
  access: { scope: 'admin' },
  query: AccountsQuery,
  errors: ['invalid_request', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'listAccounts',
  tag: 'Accounts',
  summary: 'List accounts',
  description: 'All accounts by name, page by page.',
  query: { '': { description: 'Which accounts to list' }, ...limitAndCursor },
  response: {
    name: 'AccountList',
    description: 'A page of accounts',
    examples: { page: { object: 'list', data: [examples.paidAccount], next_cursor: null } },
  },
});
