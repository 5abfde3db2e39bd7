import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Task } from '../task/task.ts';
import type { Row } from './update.ts';

/** How many parts the index of due tasks has, so that no part of it gets hot. */
export const dueShards = 4;

/** The part of the due index a task belongs to: the same for the same id. */
export const dueShard = (id: string): number => (id.codePointAt(id.length - 1) ?? 0) % dueShards;

/** A task as DynamoDB keeps it. Only a task with a due time is in the due index. */
export const toItem = (task: Task): Record<string, AttributeValue> =>
  marshall(
    { ...task, ...(task.dueAt !== undefined && { dueShard: dueShard(task.id) }) },
    { removeUndefinedValues: true },
  );

// Rows are written by this file and nobody else, so what comes out is what went in.
export const toTask = ({ dueShard: _, asker: __, ...row }: Row): Task => row as Task;

export const fromItem = (item: Record<string, AttributeValue>): Task => toTask(unmarshall(item));
