import { UsageList } from '../../domain/accounts/schemas.ts';
import { UsageQuery } from '../../domain/accounts/usage-query.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as docsOf from '../usage-docs.ts';

export const response = UsageList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/usage',
  function: 'read-account',
  access: { scope: 'read' },
  rateLimit: 'calls',
  csv: true,
  query: UsageQuery,
  errors: ['invalid_request', 'rate_limit_exceeded', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'getUsage',
  tag: 'Account',
  summary: 'Read your usage',
  description:
    'What the account has used, grouped by day, key or model, the first day first. A task counts on the day (UTC) on which it ended, and appears a moment after its end.',
  query: docsOf.usageFields(['day', 'key', 'model']),
  response: {
    name: 'UsageList',
    description: 'A page of usage',
    examples: {
      page: {
        object: 'list',
        data: [docsOf.usage],
        next_cursor: null,
        from: '2026-02-01',
        to: '2026-03-02',
      },
    },
    csv: docsOf.usageTable,
  },
});
