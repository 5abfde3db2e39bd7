import { randomUUID } from 'node:crypto';
import { type CursorKey, patterns } from './ids.ts';
import { ownerOf } from './mode.ts';

// The audit log: for every act of the operator, and of those who manage an account, who did what, when, and what it changed.
// An entry is written once and never changed; only the result is added later, if it cannot be written together with the act.

/** The acts that have an entry. Each but `issueKey` and `issueConsoleCode` is the id of an operation of the API. */
export const auditedOperations = [
  'createAccount',
  'changeAccount',
  'rotateSecret',
  'creditAccount',
  'createKey',
  'changeKey',
  'deleteKey',
  'cancelAnyTask',
  'redeliverAnyCallback',
  'redeliverAccountCallbacks',
  'checkTask',
  'openConsole',
  'issueKey',
  'issueConsoleCode',
] as const;
export type AuditedOperation = (typeof auditedOperations)[number];

/** How long entries are kept. */
export const auditDays = 400;

/** An act: who does what, and when. */
export type Act = {
  readonly operation: AuditedOperation;
  readonly at: number;
  /** The API key of the actor, and its name at that time. */
  readonly actorKeyId: string;
  readonly actorKeyName: string;
  /** The `x-request-id` of the response. */
  readonly requestId: string;
};

/** The values of fields, by their names on the wire. Never a secret. */
export type AuditValues = Readonly<
  Record<string, string | number | boolean | null | readonly string[]>
>;

/** What an act was done to. */
type Target = {
  readonly account: string;
  readonly taskId?: string | undefined;
  readonly keyId?: string | undefined;
};

export type AuditEntry = Act &
  Target & {
    readonly id: string;
    /** The values before the act; absent when there were none. */
    readonly before?: AuditValues | undefined;
    /** The values after the act; absent when there are none, or when the result of the act is not known. */
    readonly after?: AuditValues | undefined;
  };

const prefix = 'audit-';

/** The entry about an act. */
export const auditEntry = (
  act: Act,
  target: Target,
  values: Pick<AuditEntry, 'before' | 'after'> = {},
): AuditEntry => ({
  ...act,
  ...target,
  // An act on a test task is an act on the account itself: its test side is in no entry.
  account: ownerOf(target.account),
  ...values,
  id: `${prefix}${randomUUID()}`,
});

export const isAuditId = (text: string): boolean => patterns.auditId.test(text);

/** The values that differ, of two that have the same fields. */
export function changedValues(
  before: AuditValues,
  after: AuditValues,
): { readonly before: AuditValues; readonly after: AuditValues } {
  const changed = Object.keys(after).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  const pick = (values: AuditValues): AuditValues =>
    Object.fromEntries(changed.map((name) => [name, values[name] ?? null]));
  return { before: pick(before), after: pick(after) };
}

export type AuditRange = {
  /** Only entries about this account. */
  readonly account?: string | undefined;
  /** In milliseconds, both included. */
  readonly from: number;
  readonly to: number;
  /** Only entries after this position. */
  readonly after?: CursorKey | undefined;
  readonly limit: number;
};

export type AuditPage = {
  readonly entries: readonly AuditEntry[];
  /** Where the next page begins; absent on the last page. */
  readonly next?: CursorKey | undefined;
};

/** The audit log. When an act is a write to a table, the store of that table writes the entry in the same transaction. */
export type AuditLog = {
  /** Writes an entry, or writes it once more with its result. */
  put(entry: AuditEntry): Promise<void>;
  /** The newest first. A page of one account may be short; more entries may follow as long as there is a `next`. */
  read(range: AuditRange): Promise<AuditPage>;
};
