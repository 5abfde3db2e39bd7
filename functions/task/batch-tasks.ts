import type { History } from './history.ts';
import { isTaskId } from './ids.ts';
import type { BatchRequest } from './list-request.ts';
import type { Task } from './task.ts';

type Needs = { readonly history: Pick<History, 'findAll'> };

/** Several tasks at once, in the order asked for. What is not this account's is simply absent. */
export const batchTasks =
  ({ history }: Needs) =>
  async ({ task_ids }: BatchRequest, account: string): Promise<readonly Task[]> => {
    const ids = [...new Set(task_ids)].filter(isTaskId);
    const found = new Map((await history.findAll(ids)).map((task) => [task.id, task]));
    return ids.flatMap((id) => {
      const task = found.get(id);
      return task?.account === account ? [task] : [];
    });
  };
