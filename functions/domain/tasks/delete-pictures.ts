import type { Clock } from '../model/clock.ts';
import { isDeleted, uploadFormMs } from '../model/task.ts';
import type { TaskPictures, TaskStore } from './ports.ts';

/** How long an upload that has begun may last, or a state of the workflow that does not know yet that the task has ended. */
const unfinishedWriteMs = 5 * 60 * 1000;

/** How long after its end a picture of a task may still be written, in milliseconds. */
export const lateWriteMs = uploadFormMs + unfinishedWriteMs;

type Deps = {
  readonly tasks: Pick<TaskStore, 'findRecord' | 'recordPicturesDeleted'>;
  readonly pictures: TaskPictures;
  readonly now: Clock;
};

/**
 * Deletes the pictures of a task that was deleted, and of no other. It may be repeated. A caller can still use his
 * upload form after the end of a task; so as long as a picture may come, the reconciler deletes them once more.
 * @throws {Error} when the task was not deleted
 */
export const deletePictures =
  ({ tasks, pictures, now }: Deps) =>
  async (taskId: string): Promise<void> => {
    const record = await tasks.findRecord(taskId);
    if (!record) return; // it has expired, and its pictures with it
    if (!isDeleted(record)) throw new Error(`${taskId} was not deleted, so its pictures stay`);
    const at = now();
    await pictures.deleteAll(taskId);
    const lastWriteAt = record.finishedAt + lateWriteMs;
    await tasks.recordPicturesDeleted(taskId, at, at < lastWriteAt ? lastWriteAt : undefined);
  };
