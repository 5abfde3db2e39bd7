import { Account } from '../../domain/accounts/schemas.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import { account } from '../path-parameters.ts';

export const response = Account;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/admin/accounts/{account}',
  function: 'admin-reads',
  access: { scope: 'admin' },
  params: { account },
  errors: ['account_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'getAccount',
  tag: 'Accounts',
  summary: 'Read an account',
  description:
    'The credits, the limits and the budget of an account, and how many of its tasks have not ended.',
  response: {
    name: 'Account',
    description: 'The account',
    examples: { paid: examples.paidAccount },
  },
});
