import { isTaskId } from '../model/ids.ts';
import type { Task } from '../model/task.ts';
import type { BatchRequest, TaskHistory } from './list-tasks.ts';

type Deps = { readonly history: Pick<TaskHistory, 'findAll'> };

/** Several tasks at once, in the order of the request. A task of another account is absent. */
export const batchTasks =
  ({ history }: Deps) =>
  async ({ task_ids }: BatchRequest, account: string): Promise<readonly Task[]> => {
    const ids = [...new Set(task_ids)].filter(isTaskId);
    const found = new Map((await history.findAll(ids)).map((task) => [task.id, task]));
    return ids.flatMap((id) => {
      const task = found.get(id);
      return task?.account === account ? [task] : [];
    });
  };
