import * as z from 'zod';
import { auditDays, auditedOperations, isAuditId } from '../model/audit.ts';
import { patterns } from '../model/ids.ts';
import { cursorKeySchema, cursorSchema, limitSchema } from '../wire/cursor.ts';
import { unixSecondsSchema } from '../wire/query-time.ts';

const rules = {
  account: 'account must be the name of an account',
  actor: 'actor must be the id of an API key, or operator',
  operation: `operation must be one of: ${auditedOperations.join(', ')}`,
  from: 'from must be a time in unix seconds',
  to: 'to must be a time in unix seconds',
  order: 'from must be before to',
} as const;

/** The actor of an entry that no API key has caused. */
const awsActor = 'operator';
export const actorPattern = `${patterns.keyId.source}|^${awsActor}$`;

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

/** From when on, and until when (both included, in milliseconds). Entries are deleted late, and not shown any more by then. */
export function rangeOf({ from = 0, to }: Pick<AuditQuery, 'from' | 'to'>, now: number) {
  const oldest = now - auditDays * 24 * 60 * 60 * 1000;
  return {
    from: Math.max(from * 1000, oldest),
    to: to === undefined ? now : Math.min(to * 1000 - 1, now),
  };
}
