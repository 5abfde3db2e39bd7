import { type ActiveTask, isEnded } from '../model/task.ts';
import type { Recovery } from './ensure-workflow.ts';
import type { TaskStore } from './ports.ts';

type Deps = {
  readonly tasks: Pick<TaskStore, 'find'>;
  readonly ensureWorkflowRunning: (task: ActiveTask) => Promise<Recovery>;
};

/**
 * An execution failed: its task gets the next execution at once. A task that has ended needs none; its pending
 * callback is sent by the reconciler.
 */
export const executionEnded =
  ({ tasks, ensureWorkflowRunning }: Deps) =>
  async (taskId: string): Promise<Recovery | 'settled' | 'unknown'> => {
    const task = await tasks.find(taskId);
    if (!task) return 'unknown'; // one that was deleted, or an execution that was started by hand
    return isEnded(task) ? 'settled' : ensureWorkflowRunning(task);
  };
