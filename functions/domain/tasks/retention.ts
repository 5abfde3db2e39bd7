import { dayMs } from '../model/duration.ts';
import type { TaskState } from '../model/task.ts';

/**
 * When a task that ended at this time expires: its record is deleted then, and the bucket deletes its results, since
 * both count the same days (`RetentionDays`, a parameter of the stack).
 */
export const expiryOf = (finishedAt: number, retentionDays: number): number =>
  finishedAt + retentionDays * dayMs;

/**
 * Whether a task has expired. DynamoDB deletes its record within some days after that; until then nobody may be shown a
 * task whose results are gone already.
 */
export const hasExpired = (task: TaskState, now: number): boolean =>
  'expiresAt' in task && task.expiresAt !== undefined && now >= task.expiresAt;
