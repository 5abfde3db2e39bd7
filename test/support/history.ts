import type { History } from '../../functions/task/history.ts';
import type { Task } from '../../functions/task/task.ts';

/** The history in memory, over whatever tasks there are. */
export const memoryHistory = (all: () => readonly Task[]): History => ({
  list: async (account, { limit, behind, status, model, from = 0, to = Infinity }) => {
    const tasks = all()
      .filter((task) => task.account === account)
      .filter(({ createdAt }) => createdAt >= from && createdAt <= to)
      .filter((task) => status === undefined || task.status === status)
      .filter((task) => model === undefined || task.model === model)
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
    const start = behind ? tasks.findIndex((task) => isBehind(task, behind)) : 0;
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

type Place = { readonly id: string; readonly createdAt: number };

const isBehind = (task: Place, place: Place): boolean =>
  task.createdAt < place.createdAt || (task.createdAt === place.createdAt && task.id < place.id);
