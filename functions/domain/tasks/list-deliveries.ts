import * as z from 'zod';
import type { Clock } from '../model/clock.ts';
import { type CursorKey, isTaskId } from '../model/ids.ts';
import {
  type CallbackAttempt,
  callbackEventId,
  callbackStates,
  type EndedTask,
  isEnded,
  type TaskState,
} from '../model/task.ts';
import {
  cursorKeySchema,
  cursorSchema,
  formatCursorKey,
  limitSchema,
  pageResponse,
  unixSecondsSchema,
} from '../wire/cursor.ts';
import { attemptView, nextAttemptAt } from '../wire/story.ts';
import type * as schemas from '../wire/story-schemas.ts';
import type { TaskHistory } from './list-tasks.ts';
import { hasExpired } from './retention.ts';

const rules = {
  status: `status must be one of: ${callbackStates.join(', ')}`,
  since: 'since must be a time in unix seconds',
  until: 'until must be a time in unix seconds',
  order: 'since must be before until',
} as const;

/** The query of `GET /v1/webhooks/deliveries`. */
export const DeliveriesQuery = z
  .strictObject({
    limit: limitSchema,
    cursor: cursorSchema(cursorKeySchema(isTaskId)),
    status: z.enum(callbackStates, rules.status).optional(),
    since: unixSecondsSchema(rules.since),
    until: unixSecondsSchema(rules.until),
  })
  .superRefine(({ since = -1, until = Infinity }, context) => {
    if (since < until) return;
    context.addIssue({ code: 'custom', path: ['since'], message: rules.order });
  });
export type DeliveriesQuery = z.output<typeof DeliveriesQuery>;

/** Tasks that are read at a time; and how many such reads one page may take before it ends early. */
const readAtOnce = 50;
const maxReads = 8;

type Deps = {
  readonly history: Pick<
    TaskHistory,
    'positions' | 'undelivered' | 'findStates' | 'findLastAttempts'
  >;
  readonly now: Clock;
};

/** A task that has ended and has a callback. */
type Delivery = EndedTask & { readonly callbackUrl: string };
/** A delivery, and its position in the list. */
type Found = { readonly task: Delivery; readonly position: CursorKey };

/**
 * A page of the callbacks of an account, the newest first: by the creation time of their tasks, or for `undelivered` by
 * the time when they were given up. There is no index of all deliveries, because every attempt would have to pay for it.
 * So the tasks of the account are read, and a page may be short; its cursor still continues. Only undelivered callbacks
 * have an index.
 */
export const listDeliveries = (deps: Deps) => async (query: DeliveriesQuery, account: string) => {
  const found: Found[] = [];
  let next: CursorKey | undefined = query.cursor;
  for (let reads = 0; reads < maxReads; reads += 1) {
    const read = await readDeliveries(deps, query, account, next);
    found.push(...read.found);
    next = read.next;
    if (!next || found.length >= query.limit) break;
  }
  const page = found.slice(0, query.limit);
  const attempts = await deps.history.findLastAttempts(page.map(({ task }) => task));
  const after = found.length > query.limit ? page.at(-1)?.position : next;
  return pageResponse(
    page.map(({ task }) => deliveryView(task, attempts.get(task.id))),
    after && formatCursorKey(after),
  );
};

/** The deliveries among the next tasks, and where those after them begin. */
async function readDeliveries(
  { history, now }: Deps,
  { status, since, until }: DeliveriesQuery,
  account: string,
  after: CursorKey | undefined,
) {
  const list = status === 'undelivered' ? history.undelivered : history.positions;
  const positions = await list(account, {
    limit: readAtOnce,
    after,
    from: since === undefined ? undefined : since * 1000,
    to: until === undefined ? undefined : until * 1000 - 1,
  });
  const states = await history.findStates(positions.map(({ id }) => id));
  const byId = new Map(states.map((task) => [task.id, task]));
  const found = positions.flatMap((position): readonly Found[] => {
    const task = byId.get(position.id);
    return task && isWanted(task, account, status) && !hasExpired(task, now())
      ? [{ task, position }]
      : [];
  });
  return { found, next: positions.length < readAtOnce ? undefined : positions.at(-1) };
}

// The index may be a moment old: the task itself has the state of its callback, and its account.
const isWanted = (
  task: TaskState,
  account: string,
  status: DeliveriesQuery['status'],
): task is Delivery =>
  task.account === account &&
  task.callbackUrl !== undefined &&
  isEnded(task) &&
  (status === undefined || (task.callback?.state ?? 'pending') === status);

/** The delivery of a callback, in the list of its account. */
export const deliveryView = (
  task: EndedTask & { readonly callbackUrl: string },
  lastAttempt: CallbackAttempt | undefined,
): z.input<typeof schemas.Delivery> => ({
  object: 'webhook_delivery',
  task_id: task.id,
  event_id: callbackEventId(task.id),
  status: task.callback?.state ?? 'pending',
  url: withoutQuery(task.callbackUrl),
  task_created_at: Math.floor(task.createdAt / 1000),
  task_completed_at: Math.floor(task.finishedAt / 1000),
  attempt_count: task.callbackAttempts ?? 0,
  last_attempt: lastAttempt ? attemptView(lastAttempt) : null,
  next_attempt_at: nextAttemptAt(task),
});

/** A receiver's secret may be in the query. */
const withoutQuery = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};
