import { missingUploads } from '../model/task.ts';
import type { TaskStore, Workflow } from './ports.ts';

type Deps = { readonly tasks: TaskStore; readonly workflow: Pick<Workflow, 'start'> };

/**
 * An upload has arrived: records it, and starts the workflow after the last one. Events come at least once
 * and in any order; recording an upload or starting the workflow twice changes nothing.
 */
export const inputUploaded =
  ({ tasks, workflow }: Deps) =>
  async (taskId: string, index: number): Promise<void> => {
    const task = await tasks.recordUpload(taskId, index);
    if (task && missingUploads(task).length === 0) await workflow.start(taskId);
  };
