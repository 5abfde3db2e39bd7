import { AccountPatch } from '../../domain/accounts/account-request.ts';
import { Account } from '../../domain/accounts/schemas.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import { accountGroup, accountLimits } from '../field-docs.ts';
import { account } from '../path-parameters.ts';

export const response = Account;

export const route = defineRoute<typeof response>()({
  method: 'PATCH',
  path: '/v1/admin/accounts/{account}',
  function: 'manage-accounts',
  access: { scope: 'admin' },
  params: { account },
  body: jsonBody(AccountPatch),
  errors: ['account_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'changeAccount',
  tag: 'Accounts',
  summary: 'Change an account',
  description: 'Its group or its limits; what is left out stays as it is.',
  body: {
    name: 'AccountPatch',
    fields: {
      '': {
        description:
          'What to change; at least the group or one limit. A limit of `null` goes back to the default',
        minProperties: 1,
      },
      ...accountGroup,
      ...accountLimits,
    },
    examples: {
      group: { user_group: 'vip' },
      defaultLimits: { limits: { requests_per_minute: null, tasks_in_flight: null } },
    },
  },
  response: {
    name: 'Account',
    description: 'The account as it is now',
    examples: { paid: examples.paidAccount },
  },
});
