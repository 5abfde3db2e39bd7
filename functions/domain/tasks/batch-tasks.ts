import type { Clock } from '../model/clock.ts';
import { isTaskId } from '../model/ids.ts';
import type { Task } from '../model/task.ts';
import type { BatchRequest, TaskHistory } from './list-tasks.ts';
import { hasExpired } from './retention.ts';

type Deps = { readonly history: Pick<TaskHistory, 'findAll'>; readonly now: Clock };

/** Several tasks at once, in the order of the request. A task of another account is absent, and so is one that has expired. */
export const batchTasks =
  ({ history, now }: Deps) =>
  async ({ task_ids }: BatchRequest, account: string): Promise<readonly Task[]> => {
    const ids = [...new Set(task_ids)].filter(isTaskId);
    const found = new Map((await history.findAll(ids)).map((task) => [task.id, task]));
    return ids.flatMap((id) => {
      const task = found.get(id);
      return task?.account === account && !hasExpired(task, now()) ? [task] : [];
    });
  };
