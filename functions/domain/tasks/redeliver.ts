import * as z from 'zod';
import { type Act, type AuditLog, auditEntry } from '../model/audit.ts';
import type { Clock } from '../model/clock.ts';
import { ownerOf } from '../model/mode.ts';
import { Problem } from '../model/problem.ts';
import { type EndedTask, isEnded, type WithRequest } from '../model/task.ts';
import { getTask, taskRunning } from './get-task.ts';
import type { TaskHistory } from './list-tasks.ts';
import type { TaskStore } from './ports.ts';

/** If the callback was not sent within this time, the reconciler sends it. */
const graceMs = 60 * 1000;

type Deps = {
  readonly tasks: Pick<TaskStore, 'scheduleCallback'>;
  readonly deliverCallback: (taskId: string) => Promise<void>;
  readonly now: Clock;
  /** A callback is recorded as pending, and was not sent at once: the reconciler sends it. */
  readonly wakeFailed: (taskId: string, cause: unknown) => void;
};
type DepsOfOne = Deps & { readonly tasks: Pick<TaskStore, 'find'> };

/**
 * Sends the callback of an ended task again, with the same event id and from the first attempt on, unless that attempt is
 * already on its way. If the operator asks for it, `act` is for the audit log. A send that fails does not fail the request:
 * the fact is written, and the reconciler sends the callback within a minute or two.
 * @throws {Problem} `task_running` before the task has ended, `invalid_request` when it has no
 *   `callback_url`, or what `getTask` throws
 */
export const redeliver =
  (deps: DepsOfOne) =>
  async (id: string, account: string, act?: Act): Promise<WithRequest<EndedTask>> => {
    const task = await getTask(deps)(id, account);
    if (!isEnded(task)) throw taskRunning(id);
    if (task.callbackUrl === undefined) {
      throw new Problem('invalid_request', `The task ${id} was made without a callback_url.`, {
        param: 'callback_url',
      });
    }
    // While one delivery is on its way, another request for it adds none.
    const entry = act && entryAbout(act, task);
    const isScheduled = await deps.tasks.scheduleCallback(id, deps.now() + graceMs, entry);
    if (isScheduled) {
      await deps.deliverCallback(id).catch((cause: unknown) => deps.wakeFailed(id, cause));
    }
    return { ...task, callback: { state: 'pending', attempts: 0 } };
  };

const entryAbout = (act: Act, { id, account, callback }: EndedTask) =>
  auditEntry(
    act,
    { account, taskId: id },
    { before: { callback: callback?.state ?? 'pending' }, after: { callback: 'pending' } },
  );

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

type DepsOfAll = Deps & { readonly history: Pick<TaskHistory, 'undelivered'> };

/**
 * Sends again the callbacks of an account that were given up from `since` until `before` (now, if not given): at most
 * `maxRedelivered`, the newest first. A repeated call with the same `before` goes on with the rest, because a callback that
 * is given up again was given up later. A callback that could not be sent at once is sent by the reconciler, and counts as
 * `scheduled` too.
 */
export const redeliverAll =
  ({ history, tasks, deliverCallback, now, wakeFailed }: DepsOfAll) =>
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
          // The index may be a moment old: a callback that is already on its way is skipped.
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

type AuditedDeps = DepsOfAll & { readonly audit: Pick<AuditLog, 'put'> };

/**
 * The same by the operator. These are many writes, so the audit entry is written before the first one, and again with the
 * number of callbacks. If it stays `null`, that number is not known.
 */
export const redeliverAllAudited =
  ({ audit, ...deps }: AuditedDeps) =>
  async (request: RedeliverRequest, account: string, act: Act) => {
    const range = { since: request.since, before: request.before ?? null };
    const entry = auditEntry(act, { account }, { after: { ...range, scheduled: null } });
    await audit.put(entry);
    const sent = await redeliverAll(deps)(request, account);
    const { since, before, scheduled, has_more } = sent;
    await audit.put({ ...entry, after: { since, before, scheduled, has_more } });
    return sent;
  };
