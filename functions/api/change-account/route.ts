import { AccountPatch } from '../../domain/accounts/account-request.ts';
import { Account } from '../../domain/accounts/schemas.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import * as examples from '../admin-examples.ts';
import { accountGroup, accountLimits, creditDecimals } from '../field-docs.ts';
import { account } from '../path-parameters.ts';

export const response = Account;

export const route = defineRoute<typeof response>()({
  method: 'PATCH',
  path: '/v1/admin/accounts/{account}',
  function: 'manage-accounts',
  access: { scope: 'admin' },
  params: { account },
  body: jsonBody(AccountPatch),
  errors: ['account_not_found', 'permission_denied', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'changeAccount',
  tag: 'Accounts',
  summary: 'Change an account',
  description:
    'Changes the group, the limits or the daily budget of an account, or whether its keys work. Fields that are left out stay as they are. A disabled account creates nothing from then on, and its keys stop reading within a minute; its tasks go on. A budget counts from the moment it is set. Creates beyond the budget are counted, and with `stop_at_budget` they are also refused.',
  body: {
    name: 'AccountPatch',
    fields: {
      '': {
        description:
          'What to change; at least one field. A limit of `null` goes back to the default',
        minProperties: 1,
      },
      ...accountGroup,
      ...accountLimits,
      enabled: { description: '`false`: none of its keys works' },
      daily_budget_credits: {
        description: `What the account should spend at most on one day (UTC), ${creditDecimals}; \`null\`: no budget`,
      },
      stop_at_budget: {
        description: 'Whether creates beyond the budget are refused with `daily_budget_exhausted`',
      },
    },
    examples: {
      disabled: { enabled: false },
      budget: { daily_budget_credits: 50, stop_at_budget: true },
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
