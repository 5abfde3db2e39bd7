import * as z from 'zod';
import { providerNames } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { dayMs } from '../model/duration.ts';
import { type CursorKey, isTaskId, patterns } from '../model/ids.ts';
import { accountIn, modeOf, modes } from '../model/mode.ts';
import { taskErrorCodes } from '../model/problem.ts';
import { callbackStates, isEnded, statuses, type TaskState } from '../model/task.ts';
import { adminSummaryView } from '../wire/admin-task-view.ts';
import {
  cursorKeySchema,
  cursorSchema,
  formatCursorKey,
  limitSchema,
  pageResponse,
  unixSecondsSchema,
} from '../wire/cursor.ts';
import type { ListRange, TaskHistory, TaskPage } from './list-tasks.ts';
import { hasExpired } from './retention.ts';

const rules = {
  account: 'account must be the name of an account',
  mode: `mode must be one of: ${modes.join(', ')}`,
  status: `status must be one of: ${statuses.join(', ')}`,
  code: `code must be one of: ${taskErrorCodes.join(', ')}`,
  provider: `provider must be one of: ${providerNames.join(', ')}`,
  callback: `callback must be one of: ${callbackStates.join(', ')}`,
  after: 'created_after must be a time in unix seconds',
  before: 'created_before must be a time in unix seconds',
  order: 'created_after must be before created_before',
} as const;

/** The query of `GET /v1/admin/tasks`. */
export const FindQuery = z
  .strictObject({
    limit: limitSchema,
    // Between two days there is a position without a task.
    cursor: cursorSchema(cursorKeySchema((id) => id === '' || isTaskId(id))),
    account: z.string(rules.account).regex(patterns.account, rules.account).optional(),
    mode: z.enum(modes, rules.mode).default('live'),
    status: z.enum(statuses, rules.status).optional(),
    code: z.enum(taskErrorCodes, rules.code).optional(),
    provider: z.enum(providerNames, rules.provider).optional(),
    callback: z.enum(callbackStates, rules.callback).optional(),
    created_after: unixSecondsSchema(rules.after),
    created_before: unixSecondsSchema(rules.before),
  })
  .superRefine(({ created_after: after = -1, created_before: before = Infinity }, context) => {
    if (after < before) return;
    context.addIssue({ code: 'custom', path: ['created_after'], message: rules.order });
  });
export type FindQuery = z.output<typeof FindQuery>;

// The tasks of all accounts, as the operator finds them. They are listed by the day (UTC) of their creation; those of one
// account are listed by account.

/** How far back the list goes when the request does not say: longer than a month. */
export const defaultDays = 31;
/** Positions that are read at a time; and how many such reads, or days, one page may take before it ends early. */
const readAtOnce = 100;
const maxReads = 8;
const maxDays = 40;

type Deps = {
  readonly history: Pick<TaskHistory, 'positions' | 'positionsOfDay' | 'findStates'>;
  readonly now: Clock;
};

/**
 * A page of tasks of all accounts or of one, the newest first. If few tasks match, a page may be short; its cursor still
 * continues the list.
 */
export const findTasks = (deps: Deps) => async (query: FindQuery) => {
  const now = deps.now();
  const range = rangeOf(query, now);
  const found: TaskState[] = [];
  let next: CursorKey | undefined = query.cursor;
  for (let reads = 0; reads < maxReads; reads += 1) {
    const read = await readTasks(deps.history, sideOf(query), { ...range, after: next });
    found.push(...read.tasks.filter((task) => isFound(query, task) && !hasExpired(task, now)));
    next = read.next;
    if (!next || found.length >= query.limit || isDayLimit(next)) break;
  }
  const page = found.slice(0, query.limit);
  const last = found.length > query.limit ? page.at(-1) : next;
  return pageResponse(page.map(adminSummaryView), last && formatCursorKey(last));
};

function rangeOf({ created_after: after, created_before: before }: FindQuery, now: number): Range {
  const to = before === undefined ? now : before * 1000 - 1;
  const from = after === undefined ? to - defaultDays * dayMs : after * 1000;
  return { limit: readAtOnce, from, to };
}

/** The next tasks, before any filter, and where the ones after them begin. */
async function readTasks(
  history: Deps['history'],
  account: string | undefined,
  range: Range,
): Promise<TaskPage> {
  const { positions, next } = await readPositions(history, account, range);
  const states = await history.findStates(positions.map(({ id }) => id));
  const byId = new Map(states.map((task) => [task.id, task]));
  return { tasks: positions.flatMap(({ id }) => byId.get(id) ?? []), next };
}

type Positions = {
  readonly positions: readonly CursorKey[];
  /** Where the next ones begin; absent if these are the last. */
  readonly next?: CursorKey | undefined;
};
type Range = ListRange & { readonly from: number; readonly to: number };

async function readPositions(
  history: Deps['history'],
  account: string | undefined,
  range: Range,
): Promise<Positions> {
  if (account === undefined) return readDays(history, range);
  const positions = await history.positions(account, range);
  return { positions, next: positions.length < range.limit ? undefined : positions.at(-1) };
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
const startOf = (day: string): number => Date.parse(day);

/** The next positions, from day to day into the past. */
async function readDays(history: Deps['history'], range: Range): Promise<Positions> {
  const { limit, after, from, to } = range;
  const positions: CursorKey[] = [];
  let start = startOf(dayOf(Math.min(to, after?.createdAt ?? to)));
  for (let days = 0; days < maxDays && start + dayMs > from; days += 1) {
    const left = limit - positions.length;
    positions.push(...(await history.positionsOfDay(dayOf(start), { ...range, limit: left })));
    if (positions.length >= limit) return { positions, next: positions.at(-1) };
    start -= dayMs;
  }
  // Before the first millisecond of the last day that was read.
  return {
    positions,
    next: start + dayMs > from ? { createdAt: start + dayMs, id: '' } : undefined,
  };
}

/** Whether a read ended at its limit of days: only such a position has an empty id. */
const isDayLimit = ({ id }: CursorKey): boolean => id === '';

function isFound(query: FindQuery, task: TaskState): boolean {
  const ended = isEnded(task) ? task : undefined;
  const code = task.status === 'failed' ? task.failure.code : undefined;
  const wanted: readonly (readonly [wanted: string | undefined, has: string | undefined])[] = [
    [query.mode, modeOf(task)],
    [sideOf(query), task.account],
    [query.status, task.status],
    [query.code, code],
    [query.provider, task.provider],
    [query.callback, task.callbackUrl === undefined ? undefined : callbackState(ended)],
  ];
  return wanted.every(([one, has]) => one === undefined || one === has);
}

/** The side of the account that the query is about, if it names one. */
const sideOf = ({ account, mode }: FindQuery): string | undefined =>
  account === undefined ? undefined : accountIn(mode, account);

const callbackState = (ended: Extract<TaskState, { finishedAt: number }> | undefined) =>
  ended?.callback?.state ?? 'pending';
