import { AuditQuery, auditView } from '../../domain/accounts/list-audit.ts';
import { AuditList } from '../../domain/accounts/schemas.ts';
import { auditDays } from '../../domain/model/audit.ts';
import { actorPattern, patterns } from '../../domain/model/ids.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as ids from '../example-ids.ts';
import { limitAndCursor, wholeNumber } from '../field-docs.ts';

export const response = AuditList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/admin/audit',
  function: 'admin-reads',
  access: { scope: 'admin' },
  query: AuditQuery,
  errors: ['invalid_request', 'internal_error'],
});

const unixSeconds = { ...wholeNumber, minimum: 0, maximum: 99_999_999_999 };
const changed = auditView({
  id: 'audit-0b9d2c1e-6c0e-4b6f-9a53-6f0e8f1c7d10',
  operation: 'changeAccount',
  at: Date.UTC(2026, 2, 2, 9, 30, 40),
  actorKeyId: ids.keyId,
  actorKeyName: 'operator',
  requestId: 'JKJaXmPLvHcESHA=',
  account: ids.account,
  before: { daily_budget_credits: null },
  after: { daily_budget_credits: 50 },
});

export const docs = (): RouteDocs => ({
  id: 'listAudit',
  tag: 'Operation',
  summary: 'Read the audit log',
  description: `Every change through a route under \`/v1/admin/\`, and every key that was issued with AWS credentials, the newest first, page by page. Entries are kept for ${auditDays} days. If few entries match, a page may have fewer than \`limit\`, or none; its \`next_cursor\` still leads on. A request that was refused has no entry.`,
  query: {
    '': { description: 'Which entries to list' },
    ...limitAndCursor,
    limit: { ...limitAndCursor.limit, default: 20 },
    account: {
      description: 'Only changes to this account, its keys and its tasks',
      pattern: patterns.account.source,
    },
    actor: {
      description: 'Only changes that were made with this API key, by its id',
      pattern: actorPattern,
    },
    operation: { description: 'Only this operation' },
    from: {
      description: 'Only changes at this time or later, in unix seconds',
      ...unixSeconds,
    },
    to: { description: 'Only changes before this time, in unix seconds', ...unixSeconds },
  },
  response: {
    name: 'AuditList',
    description: 'A page of entries',
    examples: { page: { object: 'list', data: [changed], next_cursor: null } },
  },
});
