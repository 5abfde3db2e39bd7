const dayMs = 24 * 60 * 60 * 1000;

/**
 * When a task that ended at this time expires: its record is deleted then, and the bucket deletes its results, since
 * both count the same days (`RetentionDays`, a parameter of the stack).
 */
export const expiryOf = (finishedAt: number, retentionDays: number): number =>
  finishedAt + retentionDays * dayMs;
