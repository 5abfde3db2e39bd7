import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { CursorKey } from '../../../domain/model/ids.ts';
import { isDeleted, type Task, type TaskRecord } from '../../../domain/model/task.ts';
import type { Row } from './rows.ts';

/**
 * The number of partitions of the index of due checks. A partition takes 1,000 writes a second, and a task is written to
 * the index about six times, so these are enough for 2,500 tasks a second. With another number, tasks in the
 * partitions that are left out would not be checked again.
 */
export const checkShards = 16;

/** The partition of the index of due checks that a task belongs to. */
export const checkShard = (id: string): number => shardOf(id, checkShards);

/**
 * The number of partitions that the list of one account is spread over. A task is written to the index once, so these are
 * enough for 8,000 tasks a second of one account. Every page of a list reads all of them. With a smaller number, tasks in
 * the partitions that are left out would not be listed any more.
 */
export const listShards = 8;

/** The partitions of the list of an account. No name of an account contains `#`. */
export const listShardsOf = (account: string): readonly string[] =>
  Array.from({ length: listShards }, (_, shard) => `${account}#${shard}`);

/** Always the same for the same id, whose last two characters are random base 36. */
const shardOf = (id: string, shards: number): number => Number.parseInt(id.slice(-2), 36) % shards;

/**
 * The position of a task in the list of its account: a text that sorts by time and then by id. So no two tasks have the same
 * position, and the order is the same within a partition and between them.
 */
export const listPosition = ({ createdAt, id }: CursorKey): string =>
  `${paddedTime(createdAt)}#${id}`;

/** What sorts after all positions of this millisecond, and before those of the next one. */
export const endOfTime = (createdAt: number): string => paddedTime(createdAt + 1);

export function parseListPosition(position: string): CursorKey {
  const [createdAt, id = ''] = position.split('#');
  return { createdAt: Number(createdAt), id };
}

// Every time in milliseconds has at most 16 digits.
const paddedTime = (ms: number): string => String(ms).padStart(16, '0');

/**
 * The record of a task as a row. Only one with a next check is in the index of due checks, only one that was not deleted is
 * in the list of its account, and only one that expires has `ttl`, by which DynamoDB deletes it: in seconds, while all times
 * of a task are in milliseconds.
 */
export const toItem = (record: TaskRecord): Record<string, AttributeValue> =>
  marshall(
    {
      ...record,
      // A map, because the names are the caller's: `marshall` takes an object with an own `constructor` for no object.
      ...('metadata' in record &&
        record.metadata && { metadata: new Map(Object.entries(record.metadata)) }),
      ...(!isDeleted(record) && {
        listShard: `${record.account}#${shardOf(record.id, listShards)}`,
        listPosition: listPosition(record),
      }),
      ...(record.nextCheckAt !== undefined && { checkShard: checkShard(record.id) }),
      ...('expiresAt' in record &&
        record.expiresAt !== undefined && { ttl: Math.ceil(record.expiresAt / 1000) }),
    },
    { removeUndefinedValues: true },
  );

/** Attributes of a row that are not part of the task. */
const rowOnly: readonly string[] = ['checkShard', 'listPosition', 'listShard', 'lockOwner', 'ttl'];

// Only this folder writes rows, so what is read has the shape that was written.
export const toTaskRecord = (row: Row): TaskRecord =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !rowOnly.includes(name))) as TaskRecord;

/** The task of a row; undefined for one that was deleted. */
export function toTask(row: Row): Task | undefined {
  const record = toTaskRecord(row);
  return isDeleted(record) ? undefined : record;
}
