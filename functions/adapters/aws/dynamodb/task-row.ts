import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Task } from '../../../domain/model/task.ts';
import type { Row } from './rows.ts';

/**
 * The number of partitions of the index of due checks. A partition takes 1,000 writes a second, and a task is written to
 * the index about six times, so these are enough for 2,500 tasks a second. With another number, tasks in the
 * partitions that are left out would not be checked again.
 */
export const checkShards = 16;

/** The partition a task belongs to; always the same for the same id, whose last two characters are random base 36. */
export const checkShard = (id: string): number => Number.parseInt(id.slice(-2), 36) % checkShards;

/** A task as a row. Only a task with a next check is in the index of due checks. */
export const toItem = (task: Task): Record<string, AttributeValue> =>
  marshall(
    { ...task, ...(task.nextCheckAt !== undefined && { checkShard: checkShard(task.id) }) },
    { removeUndefinedValues: true },
  );

/** Attributes of a row that are not part of the task. */
const rowOnly: readonly string[] = ['checkShard', 'lockOwner'];

// Only this folder writes rows, so what is read has the shape that was written.
export const toTask = (row: Row): Task =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !rowOnly.includes(name))) as Task;

export const fromItem = (item: Record<string, AttributeValue>): Task => toTask(unmarshall(item));
