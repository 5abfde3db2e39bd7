import type { Clock } from '../model/clock.ts';
import { isTaskId } from '../model/ids.ts';
import {
  type DeletedTask,
  type EndedTask,
  isDeleted,
  isEnded,
  type TaskRecord,
  uploadFormMs,
} from '../model/task.ts';
import { invalidTaskId, taskNotFound, taskRunning } from './get-task.ts';
import type { TaskPictures, TaskStore } from './ports.ts';

/** If the pictures were not deleted by then, the reconciler has them deleted. */
const graceMs = 60 * 1000;

type Deps = {
  readonly tasks: Pick<TaskStore, 'findRecord' | 'recordDeletion'>;
  /** Deletes the pictures of a deleted task, by another function, and waits until they are gone. */
  readonly deletePictures: (taskId: string) => Promise<void>;
  readonly now: Clock;
};

/**
 * Deletes a task that has ended, for good: its texts and addresses, then its pictures. What stays is a `DeletedTask`.
 * Deleting twice changes nothing.
 *
 * The record comes first: from then on nothing of the task can be read, no callback is sent, and the reconciler sees
 * to the pictures, whatever happens to this request. When it fails, a repeated one does what is left.
 * @throws {Problem} `task_running` before the task has ended, `invalid_task_id`, or `task_not_found`, also for a task
 *   of another account
 */
export const deleteTask = (deps: Deps) => async (id: string, account: string) => {
  const deleted = await recordDeletion(deps, id, account);
  if (deleted.nextCheckAt !== undefined) await deps.deletePictures(id);
  return { object: 'image.generation.task', id, deleted: true } as const;
};

async function recordDeletion(
  { tasks, now }: Deps,
  id: string,
  account: string,
): Promise<DeletedTask> {
  if (!isTaskId(id)) throw invalidTaskId();
  const record = await tasks.findRecord(id);
  if (!record || accountOf(record) !== account) throw taskNotFound(id);
  if (isDeleted(record)) return record;
  if (!isEnded(record)) throw taskRunning(id, ': it can be deleted when it has ended');
  const deleted = await tasks.recordDeletion(deletedTask(record, now()));
  if (!deleted) throw taskNotFound(id); // it has expired in the meantime
  return deleted;
}

const accountOf = (record: TaskRecord): string =>
  isDeleted(record) ? record.owner : record.account;

/** The fields that stay. All others are gone, even those that an earlier version has stored. */
const deletedTask = (task: EndedTask, deletedAt: number): DeletedTask => ({
  status: 'deleted',
  id: task.id,
  owner: task.account,
  keyId: task.keyId,
  userGroup: task.userGroup,
  model: task.model,
  n: task.n,
  createdAt: task.createdAt,
  startedAt: task.startedAt,
  submittedAt: task.submittedAt,
  finishedAt: task.finishedAt,
  endedAs: task.status,
  imageCount: task.status === 'completed' ? task.images.length : 0,
  reserved: task.reserved,
  charged: task.charged,
  provider: task.provider,
  ticket: task.ticket,
  deletedAt,
  nextCheckAt: deletedAt + graceMs,
  expiresAt: task.expiresAt,
});

/**
 * How long a write that has begun may last: an upload, or a state of the workflow that does not know yet that the task
 * has ended.
 */
const unfinishedWriteMs = 5 * 60 * 1000;

/** How long after its end a picture of a task may still be written, in milliseconds. */
export const lateWriteMs = uploadFormMs + unfinishedWriteMs;

type PictureDeps = {
  readonly tasks: Pick<TaskStore, 'findRecord' | 'recordPicturesDeleted'>;
  readonly pictures: TaskPictures;
  readonly now: Clock;
};

/**
 * Deletes the pictures of a task that was deleted, and of no other. It may be repeated. A caller can still use his
 * upload form after the end of a task; so as long as a picture may arrive, the reconciler deletes them again.
 * @throws {Error} when the task was not deleted
 */
export const deletePictures =
  ({ tasks, pictures, now }: PictureDeps) =>
  async (taskId: string): Promise<void> => {
    const record = await tasks.findRecord(taskId);
    if (!record) return; // it has expired, and its pictures with it
    if (!isDeleted(record)) throw new Error(`${taskId} was not deleted, so its pictures stay`);
    const at = now();
    await pictures.deleteAll(taskId);
    const lastWriteAt = record.finishedAt + lateWriteMs;
    await tasks.recordPicturesDeleted(taskId, at, at < lastWriteAt ? lastWriteAt : undefined);
  };
