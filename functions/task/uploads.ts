import { isEnded, type Task } from './task.ts';
import type { UploadForm } from './view.ts';

type FormFor = (taskId: string, index: number, contentType: string) => Promise<UploadForm>;

/** The forms for the pictures that a task was promised and that have not come. */
export const uploadsOf =
  (formFor: FormFor) =>
  async (task: Task): Promise<readonly UploadForm[]> =>
    Promise.all(
      task.inputs.flatMap((input, index) =>
        input.kind === 'upload' && !isEnded(task) && !task.arrived?.has(index)
          ? [formFor(task.id, index, input.contentType)]
          : [],
      ),
    );
