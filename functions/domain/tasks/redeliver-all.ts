import * as z from 'zod';
import { type Act, type AuditLog, auditEntry } from '../model/audit.ts';
import type { Clock } from '../model/clock.ts';
import { ownerOf } from '../model/mode.ts';
import type { TaskHistory } from './list-tasks.ts';
import type { TaskStore } from './ports.ts';
import { graceMs } from './redeliver.ts';

/** How many callbacks one request sends, and how many of them at the same time. */
export const maxRedelivered = 100;
const atOnce = 10;

const rules = {
  body: 'The body must be a JSON object.',
  since: 'since must be a time in unix seconds',
  before: 'before must be a time in unix seconds, later than since',
} as const;
const maxUnixSeconds = 99_999_999_999;
const unixSeconds = (rule: string) => z.int(rule).min(0, rule).max(maxUnixSeconds, rule);

/** The body of `POST /v1/tasks/callbacks`. */
export const RedeliverRequest = z
  .object(
    { since: unixSeconds(rules.since), before: unixSeconds(rules.before).optional() },
    rules.body,
  )
  .superRefine(({ since, before = Infinity }, context) => {
    if (since < before) return;
    context.addIssue({ code: 'custom', path: ['before'], message: rules.before });
  });
export type RedeliverRequest = z.output<typeof RedeliverRequest>;

type Deps = {
  readonly history: Pick<TaskHistory, 'undelivered'>;
  readonly tasks: Pick<TaskStore, 'scheduleCallback'>;
  readonly deliverCallback: (taskId: string) => Promise<void>;
  readonly now: Clock;
  /** A callback is recorded as pending, and was not sent at once: the reconciler sends it. */
  readonly wakeFailed: (taskId: string, cause: unknown) => void;
};

/**
 * Sends the callbacks of an account once more that were given up since a time, and before another (now, if not given): the
 * newest first, and so many at most. Repeated with the same `before` it goes on with the others, because one that is given
 * up again was given up later. One that could not be sent at once is sent by the reconciler, and is `scheduled` like the others.
 */
export const redeliverAll =
  ({ history, tasks, deliverCallback, now, wakeFailed }: Deps) =>
  async ({ since, before }: RedeliverRequest, account: string) => {
    const end = before ?? Math.ceil(now() / 1000);
    const positions = await history.undelivered(account, {
      limit: maxRedelivered + 1,
      from: since * 1000,
      to: end * 1000 - 1,
    });
    const ids = positions.slice(0, maxRedelivered).map(({ id }) => id);
    let scheduled = 0;
    for (let first = 0; first < ids.length; first += atOnce) {
      const sent = await Promise.all(
        ids.slice(first, first + atOnce).map(async (id) => {
          // The index may be a moment old: one that is on its way already is left alone.
          if (!(await tasks.scheduleCallback(id, now() + graceMs))) return 0;
          await deliverCallback(id).catch((cause: unknown) => wakeFailed(id, cause));
          return 1;
        }),
      );
      scheduled += sent.reduce((sum: number, one) => sum + one, 0);
    }
    return {
      object: 'callback_redelivery' as const,
      account: ownerOf(account),
      since,
      before: end,
      scheduled,
      has_more: positions.length > maxRedelivered,
    };
  };

type AuditedDeps = Deps & { readonly audit: Pick<AuditLog, 'put'> };

/**
 * The same by the operator. These are many writes, so the entry about them is written before the first one, and once more
 * with how many there were: `null` means that it is not known how far they got.
 */
export const redeliverAllAudited =
  ({ audit, ...deps }: AuditedDeps) =>
  async (request: RedeliverRequest, account: string, act: Act) => {
    const asked = { since: request.since, before: request.before ?? null };
    const entry = auditEntry(act, { account }, { after: { ...asked, scheduled: null } });
    await audit.put(entry);
    const sent = await redeliverAll(deps)(request, account);
    const { since, before, scheduled, has_more } = sent;
    await audit.put({ ...entry, after: { since, before, scheduled, has_more } });
    return sent;
  };
