import type * as z from 'zod';
import type { AuditEntry, AuditLog } from '../model/audit.ts';
import type { Clock } from '../model/clock.ts';
import type { CursorKey } from '../model/ids.ts';
import { formatCursorKey, pageResponse } from '../wire/cursor.ts';
import { type AuditQuery, rangeOf } from './audit-query.ts';
import type * as schemas from './audit-schemas.ts';

/** Entries that are read at a time; and how many such reads one page may take before it ends early. */
const readAtOnce = 100;
const maxReads = 8;

type Deps = { readonly audit: Pick<AuditLog, 'read'>; readonly now: Clock };

/**
 * A page of what was done by the operator and by those who manage accounts, the newest first. A page of rare entries may be
 * short; its cursor continues all the same.
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
