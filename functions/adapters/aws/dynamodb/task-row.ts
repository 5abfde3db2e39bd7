import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { isDeleted, type Task, type TaskRecord } from '../../../domain/model/task.ts';
import type { Row } from './rows.ts';

/**
 * The number of partitions of the index of due checks. A partition takes 1,000 writes a second, and a task is written to
 * the index about six times, so these are enough for 2,500 tasks a second. With another number, tasks in the
 * partitions that are left out would not be checked again.
 */
export const checkShards = 16;

/** The partition a task belongs to; always the same for the same id, whose last two characters are random base 36. */
export const checkShard = (id: string): number => Number.parseInt(id.slice(-2), 36) % checkShards;

/**
 * The record of a task as a row. Only one with a next check is in the index of due checks, and only one that expires
 * has `ttl`, by which DynamoDB deletes it: in seconds, while all times of a task are in milliseconds.
 */
export const toItem = (record: TaskRecord): Record<string, AttributeValue> =>
  marshall(
    {
      ...record,
      ...(record.nextCheckAt !== undefined && { checkShard: checkShard(record.id) }),
      ...('expiresAt' in record &&
        record.expiresAt !== undefined && { ttl: Math.ceil(record.expiresAt / 1000) }),
    },
    { removeUndefinedValues: true },
  );

/** Attributes of a row that are not part of the task. */
const rowOnly: readonly string[] = ['checkShard', 'lockOwner', 'ttl'];

// Only this folder writes rows, so what is read has the shape that was written.
export const toTaskRecord = (row: Row): TaskRecord =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !rowOnly.includes(name))) as TaskRecord;

/** The task of a row; undefined for one that was deleted. */
export function toTask(row: Row): Task | undefined {
  const record = toTaskRecord(row);
  return isDeleted(record) ? undefined : record;
}
