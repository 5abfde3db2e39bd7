import type { CursorKey } from '../../functions/domain/model/ids.ts';
import type { Task } from '../../functions/domain/model/task.ts';
import type { TaskHistory } from '../../functions/domain/tasks/list-tasks.ts';

/** The history in memory, over whatever tasks there are. */
export const memoryHistory = (all: () => readonly Task[]): TaskHistory => ({
  positions: async (account, { limit, after, from = 0, to = Infinity }) =>
    all()
      .filter((task) => task.account === account)
      .filter(({ createdAt }) => createdAt >= from && createdAt <= to)
      .filter((task) => !after || comparePositions(after, task) < 0)
      .sort(comparePositions)
      .slice(0, limit)
      .map(({ id, createdAt }) => ({ id, createdAt })),
  findAll: async (ids) => all().filter(({ id }) => ids.includes(id)),
});

/** The order of a list: the newest first, and by descending id at the same time. */
export function comparePositions(a: CursorKey, b: CursorKey): number {
  if (a.createdAt !== b.createdAt) return b.createdAt - a.createdAt;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}
