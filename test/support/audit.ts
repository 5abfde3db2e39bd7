import type { AuditEntry, AuditLog } from '../../functions/domain/model/audit.ts';

/** The entries in memory. `written` has every write in order, so an entry that got a result is there twice. */
export function memoryAudit(): AuditLog & { readonly written: readonly AuditEntry[] } {
  const written: AuditEntry[] = [];
  return {
    written,
    put: async (entry) => {
      written.push(entry);
    },
    read: async ({ account, from, to, after, limit }) => {
      const place = ({ at, id }: Pick<AuditEntry, 'at' | 'id'>) => `${at}#${id}`;
      const before = after && place({ at: after.createdAt, id: after.id });
      const found = [...new Map(written.map((entry) => [entry.id, entry])).values()]
        .filter((entry) => account === undefined || entry.account === account)
        .filter(({ at }) => at >= from && at <= to)
        .sort((a, b) => (place(a) < place(b) ? 1 : -1))
        .filter((entry) => before === undefined || place(entry) < before);
      const entries = found.slice(0, limit);
      const last = found.length > limit ? entries.at(-1) : undefined;
      return { entries, next: last && { createdAt: last.at, id: last.id } };
    },
  };
}
