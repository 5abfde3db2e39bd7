import type { Clock } from '../model/clock.ts';
import type { CursorKey } from '../model/ids.ts';
import { type EndedTask, isEnded, type TaskState } from '../model/task.ts';
import { formatCursorKey, pageResponse } from '../wire/cursor.ts';
import { deliveryView } from '../wire/delivery-view.ts';
import type { DeliveriesQuery } from './deliveries-query.ts';
import type { TaskHistory } from './list-tasks.ts';
import { hasExpired } from './retention.ts';

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
/** A delivery, and where it stands in the list. */
type Found = { readonly task: Delivery; readonly position: CursorKey };

/**
 * A page of the callbacks of an account, the newest first: by the time when their tasks were created, or those that were given
 * up by the time of that. There is no index of deliveries, which every attempt would have to pay for: the tasks of the account
 * are walked through, so a page may be short; its cursor continues all the same. Those that were given up have an index.
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

// The index may be a moment old: the task itself says what became of its callback, and whose it is.
const isWanted = (
  task: TaskState,
  account: string,
  status: DeliveriesQuery['status'],
): task is Delivery =>
  task.account === account &&
  task.callbackUrl !== undefined &&
  isEnded(task) &&
  (status === undefined || (task.callback?.state ?? 'pending') === status);
