import type { Tasks, Workflow } from './ports.ts';
import { missingUploads } from './task.ts';

type Needs = { readonly tasks: Tasks; readonly workflow: Pick<Workflow, 'start'> };

/**
 * An upload has arrived: the fact is written, and the last one starts the workflow. Events come at
 * least once and in any order, so doing it twice is doing it once.
 */
export const inputUploaded =
  ({ tasks, workflow }: Needs) =>
  async (taskId: string, index: number): Promise<void> => {
    const task = await tasks.uploadArrived(taskId, index);
    if (task && missingUploads(task).length === 0) await workflow.start(taskId);
  };
