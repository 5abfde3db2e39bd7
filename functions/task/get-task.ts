import { isTaskId } from './ids.ts';
import type { Tasks } from './ports.ts';
import { Problem } from './problem.ts';
import type { Task } from './task.ts';

type Needs = { readonly tasks: Pick<Tasks, 'find'> };

/**
 * Finds a task of this account.
 * @throws {Problem} `invalid_task_id`, or `task_not_found`, also for somebody else's
 */
export const getTask =
  ({ tasks }: Needs) =>
  async (id: string, account: string): Promise<Task> => {
    const param = 'task_id';
    if (!isTaskId(id)) {
      const message =
        "A task id starts with 'task-unified-' and is the one the create call answered.";
      throw new Problem('invalid_task_id', message, { param });
    }
    const task = await tasks.find(id);
    if (task?.account !== account) {
      throw new Problem('task_not_found', `There is no task ${id}.`, { param });
    }
    return task;
  };
