// Where things lie in the buckets. No key carries a caller's text. The upload prefix is the one that
// tells us when an object arrives (infra/buckets.ts), so nothing of ours is ever written there.
const uploadPrefix = 'uploads/';

export const uploadKey = (taskId: string, index: number): string =>
  `${uploadPrefix}${taskId}/${index}`;
export const fileKey = (account: string, fileId: string): string => `files/${account}/${fileId}`;
export const preparedKey = (taskId: string, index: number): string => `prepared/${taskId}/${index}`;
export const resultKey = (taskId: string, n: number): string => `results/${taskId}/${n}`;

/** The task and input an upload belongs to, or undefined when the key is not one of ours. */
export function uploadOf(
  key: string,
): { readonly taskId: string; readonly index: number } | undefined {
  const [, taskId, index] = /^uploads\/(task-unified-\d+-[a-z0-9]{8})\/(\d)$/.exec(key) ?? [];
  return taskId && index ? { taskId, index: Number(index) } : undefined;
}
