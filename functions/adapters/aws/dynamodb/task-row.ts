import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { CursorKey } from '../../../domain/model/ids.ts';
import { expiryAttributes, indexKeys, type KeyOf } from '../../../domain/model/storage-names.ts';
import {
  type CallbackAttempt,
  type EndedTask,
  isDeleted,
  maxStoredAttempts,
  requestOf,
  type Task,
  type TaskRecord,
  type TaskRequest,
  type TaskState,
} from '../../../domain/model/task.ts';
import type { Row } from './rows.ts';

/**
 * The number of partitions of the index of due checks. A partition takes 1,000 writes a second, and a task is written to
 * the index about six times, so these are enough for 2,500 tasks a second. With a smaller number, tasks in the
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

/** The partitions of the list of an account, or of a day. No name of an account contains `#`. */
export const listShardsOf = (accountOrDay: string): readonly string[] =>
  Array.from({ length: listShards }, (_, shard) => `${accountOrDay}#${shard}`);

/** Always the same for the same id, whose last two characters are random base 36. */
const shardOf = (id: string, shards: number): number => Number.parseInt(id.slice(-2), 36) % shards;

/** When the reconciler checks a task. Without a next check the task leaves the index of due checks. */
export const checkAttributes = (id: string, nextCheckAt?: number): Row => ({
  nextCheckAt: nextCheckAt ?? null,
  [indexKeys.nextCheck.partition]: nextCheckAt === undefined ? null : checkShard(id),
});

export const undeliveredNames: readonly string[] = Object.values(indexKeys.undeliveredCallbacks);

/** Puts a task into the index of undelivered callbacks of its account, at the time when the callback was given up. */
export const undeliveredAttributes = ({ id, account }: EndedTask, at: number) => ({
  [indexKeys.undeliveredCallbacks.partition]: `${account}#${shardOf(id, listShards)}`,
  [indexKeys.undeliveredCallbacks.sort]: listPosition({ id, createdAt: at }),
});

/**
 * The position of a task in the list of its account: a text that sorts by time and then by id. So no two tasks have the same
 * position, and the order is the same within a partition and between them.
 */
export const listPosition = ({ createdAt, id }: CursorKey): string =>
  `${paddedTime(createdAt)}#${id}`;

/** A text that sorts after all positions of this millisecond, and before those of the next one. */
export const endOfTime = (createdAt: number): string => paddedTime(createdAt + 1);

export function parseListPosition(position: string): CursorKey {
  const [createdAt, id = ''] = position.split('#');
  return { createdAt: Number(createdAt), id };
}

// Every time in milliseconds has at most 16 digits.
const paddedTime = (ms: number): string => String(ms).padStart(16, '0');

/**
 * The items of a task, by their sort key: its request, written once; its state, which changes; and the last attempts to
 * deliver its callback. So the cost of writing the state does not depend on the length of the prompt.
 */
export const parts = {
  request: 'request',
  state: 'state',
  /** The beginning of the sort keys of attempts. */
  attempts: 'attempt#',
  attempt: (number: number): string =>
    `attempt#${String(number % maxStoredAttempts).padStart(2, '0')}`,
} as const;

/** The key of an item of a task. */
export const partKey = (id: string, part: string) => ({ id, part }) satisfies KeyOf<'Tasks'>;

/** The request of a task, as an item. */
export const toRequestItem = (
  id: string,
  { prompt, options, inputs, metadata }: TaskRequest,
): Record<string, AttributeValue> =>
  marshall(
    {
      ...partKey(id, parts.request),
      prompt,
      options,
      inputs,
      // Pairs and not a map: they have an order, `marshall` refuses an object that has a field `constructor`, and
      // the V8 of Node 24 may misread the names of a JSON object (see strict-json.ts), which the SDK's responses are.
      metadata: metadata && Object.entries(metadata),
    },
    { removeUndefinedValues: true },
  );

/** The fields of the request item. They are left out of the item of the state, even if a record comes with them. */
const requestOnly: readonly string[] = [
  'inputs',
  'metadata',
  'options',
  'prompt',
] satisfies (keyof TaskRequest)[];

/**
 * The state of a task as an item, or the tombstone of a deleted one. Only an item with a next check is in the index of due
 * checks, only a task that was not deleted is in the list of its account, and only an item that expires has `ttl`, by which
 * DynamoDB deletes it: in seconds, while all times of a task are in milliseconds.
 */
export const toItem = (record: TaskRecord): Record<string, AttributeValue> =>
  marshall(
    {
      ...Object.fromEntries(Object.entries(record).filter(([name]) => !requestOnly.includes(name))),
      part: parts.state,
      ...(!isDeleted(record) && {
        [indexKeys.tasksByAccount.partition]: `${record.account}#${shardOf(record.id, listShards)}`,
      }),
      [indexKeys.tasksByDay.partition]:
        `${utcDayOf(record.createdAt)}#${shardOf(record.id, listShards)}`,
      [indexKeys.tasksByDay.sort]: listPosition(record),
      ...(record.nextCheckAt !== undefined && {
        [indexKeys.nextCheck.partition]: checkShard(record.id),
      }),
      ...('expiresAt' in record && { [expiryAttributes.Tasks]: ttlOf(record.expiresAt) }),
    },
    { removeUndefinedValues: true },
  );

const utcDayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** When DynamoDB deletes an item, in seconds. */
export const ttlOf = (expiresAt: number | undefined): number | undefined =>
  expiresAt === undefined ? undefined : Math.ceil(expiresAt / 1000);

/** One attempt to deliver the callback of a task, as an item. */
export const toAttemptItem = (
  { id, expiresAt }: EndedTask,
  number: number,
  attempt: CallbackAttempt,
): Record<string, AttributeValue> =>
  marshall(
    {
      ...partKey(id, parts.attempt(number)),
      number,
      ...attempt,
      [expiryAttributes.Tasks]: ttlOf(expiresAt),
    },
    { removeUndefinedValues: true },
  );

const toAttempt = ({ at, milliseconds, status, reason, text }: Row): CallbackAttempt => ({
  at,
  milliseconds,
  ...(status !== undefined && { status }),
  ...(reason !== undefined && { reason }),
  ...(text !== undefined && { text }),
});

/** The attempts among the items of a task, the oldest first. */
export const toAttempts = (rows: readonly Row[]): readonly CallbackAttempt[] =>
  rows
    .filter(({ part }) => String(part).startsWith(parts.attempts))
    .sort((a, b) => a['number'] - b['number'])
    .map(toAttempt);

/** Attributes of the item of a state that are not part of the task. */
const rowOnly: readonly string[] = [
  indexKeys.nextCheck.partition,
  indexKeys.tasksByDay.partition,
  ...Object.values(indexKeys.tasksByAccount),
  'lockOwner',
  'part' satisfies keyof KeyOf<'Tasks'>,
  expiryAttributes.Tasks,
  ...undeliveredNames,
];

// Only this folder writes rows, so what is read has the shape that was written.
export const toTaskRecord = (row: Row): TaskRecord =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !rowOnly.includes(name))) as TaskRecord;

/** The state of a task; undefined for one that was deleted. */
export function toTaskState(row: Row): TaskState | undefined {
  const record = toTaskRecord(row);
  return isDeleted(record) ? undefined : record;
}

/** The request in its item. */
export const toTaskRequest = ({ metadata, ...row }: Row): TaskRequest =>
  requestOf({ ...(row as TaskRequest), metadata: metadata && Object.fromEntries(metadata) });

/** The task made from its two items; undefined when it was deleted, or has expired. */
export function toTask(rows: readonly Row[]): Task | undefined {
  const row = (part: string) => rows.find((one) => one['part'] === part);
  const [request, state] = [row(parts.request), row(parts.state)];
  const taskState = state && toTaskState(state);
  return request && taskState && { ...taskState, ...toTaskRequest(request) };
}
