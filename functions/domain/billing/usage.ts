import { dayIn } from '../model/api-key.ts';
import type { EndedTask } from '../model/task.ts';

/** What was made through a key with a model on a day. It counts on the day of UTC on which a task ended. */
export type Usage = {
  /** Like 2026-11-22. */
  readonly day: string;
  readonly keyId: string;
  readonly model: string;
  readonly tasks: number;
  /** Tasks that ended without an image, whoever ended them. */
  readonly failedTasks: number;
  readonly images: number;
  /** In milli-credits. */
  readonly charged: number;
};

/** The usage of one task. */
export const usageOf = (task: EndedTask): Usage => ({
  day: dayIn('UTC', task.finishedAt),
  keyId: task.keyId,
  model: task.model,
  tasks: 1,
  failedTasks: task.status === 'failed' ? 1 : 0,
  images: task.status === 'completed' ? task.images.length : 0,
  charged: task.charged,
});

/** The usage of several rows as one row for each day, key and model, in this order. */
export function sumUsage(rows: readonly Usage[]): readonly Usage[] {
  const sums = new Map<string, Usage>();
  for (const row of rows) {
    const name = [row.day, row.keyId, row.model].join(' ');
    const sum = sums.get(name);
    sums.set(
      name,
      sum
        ? {
            ...sum,
            tasks: sum.tasks + row.tasks,
            failedTasks: sum.failedTasks + row.failedTasks,
            images: sum.images + row.images,
            charged: sum.charged + row.charged,
          }
        : row,
    );
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

/** The usage of accounts, which the ledger writes when it settles a task. */
export type UsageStore = {
  /** The usage of an account from one day to another, both included. */
  between(account: string, from: string, to: string): Promise<readonly Usage[]>;
};
