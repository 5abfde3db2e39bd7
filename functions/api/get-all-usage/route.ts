import { AdminUsageList } from '../../domain/accounts/schemas.ts';
import { AdminUsageQuery, usageGroups } from '../../domain/accounts/usage-query.ts';
import { patterns } from '../../domain/model/ids.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as docsOf from '../usage-docs.ts';

export const response = AdminUsageList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/admin/usage',
  function: 'admin-reads',
  access: { scope: 'admin' },
  csv: true,
  query: AdminUsageQuery,
  errors: ['invalid_request', 'account_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'getAllUsage',
  tag: 'Accounts',
  summary: 'Read the usage of all accounts',
  description:
    'What one account or all accounts have used, grouped by account, day, key or model. If the model catalogue has the prices of the providers, the response also says what the images cost you.',
  query: {
    ...docsOf.usageFields(usageGroups),
    account: {
      description: 'Only the usage of this account; without it, of all accounts',
      pattern: patterns.account.source,
    },
  },
  response: {
    name: 'AdminUsageList',
    description: 'A page of usage',
    examples: {
      page: {
        object: 'list',
        data: [docsOf.allUsage],
        next_cursor: null,
        from: '2026-02-01',
        to: '2026-03-02',
      },
    },
    csv: docsOf.usageTable,
  },
});
