import * as z from 'zod';
import {
  type AuditEntry,
  type AuditLog,
  auditDays,
  auditedOperations,
  isAuditId,
} from '../model/audit.ts';
import type { Clock } from '../model/clock.ts';
import { actorPattern, type CursorKey, patterns } from '../model/ids.ts';
import {
  cursorKeySchema,
  cursorSchema,
  formatCursorKey,
  limitSchema,
  pageResponse,
  unixSecondsSchema,
} from '../wire/cursor.ts';
import type * as schemas from './schemas.ts';

const rules = {
  account: 'account must be the name of an account',
  actor: 'actor must be the id of an API key, or operator',
  operation: `operation must be one of: ${auditedOperations.join(', ')}`,
  from: 'from must be a time in unix seconds',
  to: 'to must be a time in unix seconds',
  order: 'from must be before to',
} as const;

/** The query of `GET /v1/admin/audit`. */
export const AuditQuery = z
  .strictObject({
    limit: limitSchema,
    cursor: cursorSchema(cursorKeySchema(isAuditId)),
    account: z.string(rules.account).regex(patterns.account, rules.account).optional(),
    actor: z.string(rules.actor).regex(new RegExp(actorPattern), rules.actor).optional(),
    operation: z.enum(auditedOperations, rules.operation).optional(),
    from: unixSecondsSchema(rules.from),
    to: unixSecondsSchema(rules.to),
  })
  .superRefine(({ from = -1, to = Infinity }, context) => {
    if (from < to) return;
    context.addIssue({ code: 'custom', path: ['from'], message: rules.order });
  });
export type AuditQuery = z.output<typeof AuditQuery>;

/**
 * The first and the last time (both included, in milliseconds). DynamoDB deletes old entries late, so they are left out
 * here.
 */
function rangeOf({ from = 0, to }: Pick<AuditQuery, 'from' | 'to'>, now: number) {
  const oldest = now - auditDays * 24 * 60 * 60 * 1000;
  return {
    from: Math.max(from * 1000, oldest),
    to: to === undefined ? now : Math.min(to * 1000 - 1, now),
  };
}

/** Entries that are read at a time; and how many such reads one page may take before it ends early. */
const readAtOnce = 100;
const maxReads = 8;

type Deps = { readonly audit: Pick<AuditLog, 'read'>; readonly now: Clock };

/**
 * A page of the audit log, the newest entry first. If few entries match, a page may be short; its cursor still continues the
 * list.
 */
export const listAudit =
  ({ audit, now }: Deps) =>
  async (query: AuditQuery) => {
    const range = { account: query.account, ...rangeOf(query, now()), limit: readAtOnce };
    const found: AuditEntry[] = [];
    let next: CursorKey | undefined = query.cursor;
    for (let reads = 0; reads < maxReads; reads += 1) {
      const page = await audit.read({ ...range, after: next });
      found.push(...page.entries.filter((entry) => isFound(query, entry)));
      next = page.next;
      if (!next || found.length >= query.limit) break;
    }
    const page = found.slice(0, query.limit);
    const last = page.at(-1);
    const after = found.length > query.limit && last ? { createdAt: last.at, id: last.id } : next;
    return pageResponse(page.map(auditView), after && formatCursorKey(after));
  };

const isFound = (query: AuditQuery, entry: AuditEntry): boolean =>
  (query.account ?? entry.account) === entry.account &&
  (query.actor ?? entry.actorKeyId) === entry.actorKeyId &&
  (query.operation ?? entry.operation) === entry.operation;

/** An entry as the operator sees it. */
export const auditView = (entry: AuditEntry): z.input<typeof schemas.AuditEntry> => ({
  object: 'audit_entry',
  id: entry.id,
  created: Math.floor(entry.at / 1000),
  operation: entry.operation,
  actor: { key_id: entry.actorKeyId, key_name: entry.actorKeyName },
  account: entry.account,
  task_id: entry.taskId ?? null,
  key_id: entry.keyId ?? null,
  before: entry.before ?? null,
  after: entry.after ?? null,
  request_id: entry.requestId,
});
