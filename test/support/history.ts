import type { Task } from '../../functions/domain/model/task.ts';
import type { TaskHistory } from '../../functions/domain/tasks/list-tasks.ts';

/** The history in memory, over whatever tasks there are. */
export const memoryHistory = (all: () => readonly Task[]): TaskHistory => ({
  list: async (account, { limit, after, status, model, from = 0, to = Infinity }) => {
    const tasks = all()
      .filter((task) => task.account === account)
      .filter(({ createdAt }) => createdAt >= from && createdAt <= to)
      .filter((task) => status === undefined || task.status === status)
      .filter((task) => model === undefined || task.model === model)
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
    const start = after ? tasks.findIndex((task) => isAfter(task, after)) : 0;
    const rest = start < 0 ? [] : tasks.slice(start);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    return {
      tasks: page,
      next: last && rest.length > limit ? { id: last.id, createdAt: last.createdAt } : undefined,
    };
  },
  findAll: async (ids) => all().filter(({ id }) => ids.includes(id)),
});

type Position = { readonly id: string; readonly createdAt: number };

const isAfter = (task: Position, after: Position): boolean =>
  task.createdAt < after.createdAt || (task.createdAt === after.createdAt && task.id < after.id);
