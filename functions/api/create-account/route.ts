import { AccountRequest } from '../../domain/accounts/account-request.ts';
import { NewAccount } from '../../domain/accounts/schemas.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import * as ids from '../example-ids.ts';
import { accountGroup, accountLimits } from '../field-docs.ts';

export const response = NewAccount;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/v1/admin/accounts',
  function: 'manage-accounts',
  access: { scope: 'admin' },
  body: jsonBody(AccountRequest),
  errors: ['account_exists', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'createAccount',
  tag: 'Accounts',
  summary: 'Make an account',
  description: 'It begins without credits and without keys. Its webhook secret is shown once.',
  body: {
    name: 'AccountRequest',
    fields: {
      '': { description: 'An account to make. It begins without credits' },
      id: { description: 'Its name, which never changes' },
      ...accountGroup,
      ...accountLimits,
    },
    examples: {
      small: { id: ids.account },
      limited: {
        id: 'guest',
        user_group: 'trial',
        limits: { requests_per_minute: 60, tasks_in_flight: 10 },
      },
    },
  },
  response: {
    name: 'NewAccount',
    description: 'The account, with its secret',
    examples: { small: examples.newAccount },
  },
});
