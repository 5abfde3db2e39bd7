import type { CursorKey } from '../../functions/domain/model/ids.ts';
import { isEnded, requestOf, type Task } from '../../functions/domain/model/task.ts';
import type { ListRange, TaskHistory } from '../../functions/domain/tasks/list-tasks.ts';
import { stateOf } from './memory-tasks.ts';
import type { Records } from './money.ts';

/** The history in memory, over whatever tasks there are. */
export const memoryHistory = (
  all: () => readonly Task[],
  {
    attempts = new Map(),
    tasks: records = new Map(),
  }: Partial<Pick<Records, 'attempts' | 'tasks'>> = {},
): TaskHistory => ({
  positions: async (account, range) =>
    pageOf(
      all().filter((task) => task.account === account),
      range,
    ),
  positionsOfDay: async (day, range) =>
    pageOf(
      [...records.values()].filter(({ createdAt }) =>
        new Date(createdAt).toISOString().startsWith(day),
      ),
      range,
    ),
  undelivered: async (account, range) =>
    pageOf(
      all()
        .filter((task) => task.account === account)
        .filter((task) => isEnded(task) && task.callback?.state === 'undelivered')
        .map(({ id }) => ({ id, createdAt: attempts.get(id)?.at(-1)?.at ?? 0 })),
      range,
    ),
  findStates: async (ids) =>
    all()
      .filter(({ id }) => ids.includes(id))
      .flatMap((task) => stateOf(task) ?? []),
  findRequests: async (ids) =>
    new Map(
      all()
        .filter(({ id }) => ids.includes(id))
        .map((task) => [task.id, requestOf(task)]),
    ),
  findLastAttempts: async (tasks) =>
    new Map(
      tasks.flatMap(({ id }) => {
        const last = attempts.get(id)?.at(-1);
        return last ? [[id, last] as const] : [];
      }),
    ),
  findAll: async (ids) => all().filter(({ id }) => ids.includes(id)),
});

const pageOf = (
  positions: readonly CursorKey[],
  { limit, after, from = 0, to = Infinity }: ListRange,
): readonly CursorKey[] =>
  positions
    .filter(({ createdAt }) => createdAt >= from && createdAt <= to)
    .filter((one) => !after || comparePositions(after, one) < 0)
    .sort(comparePositions)
    .slice(0, limit)
    .map(({ id, createdAt }) => ({ id, createdAt }));

/** The order of a list: the newest first, and by descending id at the same time. */
export function comparePositions(a: CursorKey, b: CursorKey): number {
  if (a.createdAt !== b.createdAt) return b.createdAt - a.createdAt;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}
