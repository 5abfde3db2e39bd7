import { randomUUID } from 'node:crypto';
import {
  type DynamoDBClient,
  QueryCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AuditEntry } from '../../../domain/model/audit.ts';
import { indexKeys, indexNames } from '../../../domain/model/storage-names.ts';
import {
  type ActiveTask,
  type CallbackAttempt,
  type CallbackRecord,
  type DeletedTask,
  type EndedTask,
  isDeleted,
  isEnded,
  maxStoredAttempts,
  type Task,
  type TaskRecord,
  taskDeadlineMs,
} from '../../../domain/model/task.ts';
import type { DueCheck, TaskStore } from '../../../domain/tasks/ports.ts';
import { updateWithEntry } from './audit-table.ts';
import { allOf, withPlaceholders } from './expressions.ts';
import { type Row, readRow } from './rows.ts';
import {
  checkAttributes,
  checkShards,
  partKey,
  parts,
  toAttemptItem,
  toAttempts,
  toItem,
  toTask,
  toTaskRecord,
  toTaskRequest,
  toTaskState,
  undeliveredAttributes,
  undeliveredNames,
} from './task-row.ts';
import { type Actions, type Outcome, untilResult, writeAll } from './transaction.ts';
import { type Change, type Updated, update, updateExpression } from './update.ts';

/** When a task may be written. Placeholders that stand for a literal are in `literals`. */
const conditions = {
  notEnded: '#status IN (:pending, :processing)',
  ended: '#status IN (:completed, :failed)',
  /** Of a deleted task only the deletion of its pictures is recorded. */
  existsNotDeleted: '(attribute_exists(#id) AND #status <> :deleted)',
  deleted: '#status = :deleted',
  sameAccount: '#account = :owner',
  isPending: '#status = :pending',
  /** The first outcome stays: the settlement may have read it already. */
  noOutcome: 'attribute_not_exists(#outcome)',
  notCancelled: 'attribute_not_exists(#cancelledAt)',
  /** No provider has the job, or the one that has it can still cancel it. */
  cancellable: '(#status = :pending OR #cancellable = :true)',
  /**
   * No attempt holds the submit lock. Or the lock is this call's own: the SDK retries a write whose response
   * was lost, and must not take its own lock for that of an earlier attempt with an unknown outcome.
   */
  lockFree: '(attribute_not_exists(#submitLockedAt) OR #lockOwner = :lockOwner)',
  /** No attempt submits the job, or has submitted it. */
  notLocked: 'attribute_not_exists(#submitLockedAt)',
  /** The lock is still the one that was read: no other attempt has taken it over. */
  lockUnchanged: '#submitLockedAt = :lockedAt',
  sameProvider: '#provider = :provider',
  /** No other run of the reconciler has leased this check in the meantime. */
  checkNotLeased: '#nextCheckAt = :expectedCheckAt',
  /** A task without a number is in its first execution. */
  previousExecution:
    '(#execution = :previous OR (attribute_not_exists(#execution) AND :previous = :first))',
  /** No other attempt was recorded since the number of this one was chosen. */
  attemptsUnchanged:
    '(#callbackAttempts = :attemptsBefore OR (attribute_not_exists(#callbackAttempts) AND :attemptsBefore = :none))',
  /** A failed delivery must not hide a successful one that ran at the same time. */
  notDelivered: '(attribute_not_exists(#callback) OR #callback.#state <> :delivered)',
  /** A callback that waits for its first attempt is sent once, however often it is asked for. */
  callbackNotPending: '(attribute_not_exists(#callback) OR #callback.#state <> :pending)',
};

/** What the placeholders of the conditions stand for, where that is always the same. */
const literals = {
  pending: 'pending',
  processing: 'processing',
  completed: 'completed',
  failed: 'failed',
  deleted: 'deleted',
  delivered: 'delivered',
  first: 1,
  none: 0,
  true: true,
};

const countOneBusy = { add: { busyCount: 1 } };

/** The task records in DynamoDB. Acts of the operator that have an audit entry need `auditTable`. */
export function taskTable(client: DynamoDBClient, table: string, auditTable?: string): TaskStore {
  const write = async (id: string, change: Change, entry?: AuditEntry): Promise<Updated> => {
    const key = partKey(id, parts.state);
    const input = {
      TableName: table,
      Key: marshall(key),
      ...updateExpression({ ...change, values: { ...literals, ...change.values } }),
    };
    if (!entry) return update(client, input);
    const { done, row } = await updateWithEntry(client, auditTable, input, entry);
    return { done, row: done ? await readRow(client, table, key) : row };
  };

  /** The task after a write that needs it to be active, also when another of its conditions failed. */
  const writeActive = async (
    id: string,
    change: Change,
    entry?: AuditEntry,
  ): Promise<ActiveTask | undefined> => {
    const { conditions: more = [] } = change;
    return activeTaskIn(
      await write(id, { ...change, conditions: [conditions.notEnded, ...more] }, entry),
    );
  };

  return {
    find: (id) => findTask(client, table, id),

    findStory: async (id) => {
      const rows = await findItems(client, table, id);
      const task = toTask(rows);
      return task && { task, attempts: toAttempts(rows) };
    },

    findRecord: async (id) => {
      const row = await readRow(client, table, partKey(id, parts.state));
      return row && toTaskRecord(row);
    },

    findRequest: async (id) => {
      const row = await readRow(client, table, partKey(id, parts.request));
      return row && toTaskRequest(row);
    },

    recordUpload: (id, index) => writeActive(id, { add: { arrived: new Set([index]) } }),

    recordStarted: (id, { startedAt, nextCheckAt }) =>
      writeActive(id, { setOnce: { startedAt }, set: { nextCheckAt } }),

    recordQueued: (id, queue, nextCheckAt, prepared) =>
      writeActive(id, {
        set: { queue, nextCheckAt },
        setOnce: { prepared },
        conditions: [conditions.isPending, conditions.notLocked],
      }),

    acquireSubmitLock: async (id, provider, at, submittedRequest, { slot, prepared } = {}) => {
      const { done, row } = await write(id, {
        set: {
          submitLockedAt: at,
          deadlineAt: at + taskDeadlineMs,
          provider,
          slot,
          lockOwner: randomUUID(),
          submittedRequest,
        },
        setOnce: { prepared },
        conditions: [
          conditions.isPending,
          conditions.noOutcome,
          conditions.notCancelled,
          conditions.lockFree,
        ],
      });
      const task = row && toTaskState(row);
      if (!task) throw new Error(`${id} does not exist`);
      return { acquired: done, task };
    },

    renewSubmitLock: async (id, provider, lockedAt, at) => {
      const { done } = await write(id, {
        set: { submitLockedAt: at },
        conditions: [
          conditions.isPending,
          conditions.noOutcome,
          conditions.sameProvider,
          conditions.lockUnchanged,
        ],
        values: { provider, lockedAt },
      });
      return done;
    },

    releaseSubmitLock: async (id, lockedAt, reason) => {
      await write(id, {
        remove: ['submitLockedAt', 'deadlineAt', 'lockOwner', 'submittedRequest'],
        ...(reason === 'busy' && countOneBusy),
        conditions: [conditions.isPending, conditions.lockUnchanged],
        values: { lockedAt },
      });
    },

    recordSubmitted: (id, ticket, at, { typicalSeconds, cancellable } = {}) =>
      writeActive(id, {
        set: {
          status: 'processing',
          ticket,
          submittedAt: at,
          deadlineAt: at + taskDeadlineMs,
          typicalSeconds,
          cancellable: cancellable || undefined,
        },
        remove: ['submittedRequest'],
      }),

    recordNotCancellable: async (id) => {
      await writeActive(id, { remove: ['cancellable'] });
    },

    recordProviderWebhook: async (id, provider, at) => {
      const written = await write(id, {
        set: { providerWebhookAt: at },
        conditions: [conditions.notEnded, conditions.sameProvider],
        values: { provider },
      });
      return written.done ? activeTaskIn(written) : undefined;
    },

    saveTaskToken: (id, wakeToken, polledAt) => writeActive(id, { set: { wakeToken, polledAt } }),

    recordOutcome: (id, outcome, outcomeAt) =>
      writeActive(id, { set: { outcome, outcomeAt }, conditions: [conditions.noOutcome] }),

    requestCancel: (id, cancelledAt, nextCheckAt, entry) => {
      const { notCancelled, noOutcome, cancellable } = conditions;
      const change = {
        set: { cancelledAt, nextCheckAt },
        conditions: [notCancelled, noOutcome, cancellable],
      };
      return writeActive(id, change, entry);
    },

    recordCallbackAttempt: (task, attempt, record, nextCheckAt) =>
      recordCallbackAttempt(client, table, { task, attempt, record, nextCheckAt }),

    findAttempts: async (id) => toAttempts(await findItems(client, table, id)),

    scheduleCallback: async (id, nextCheckAt, entry) => {
      const change = {
        set: { callback: { state: 'pending', attempts: 0 }, ...checkAttributes(id, nextCheckAt) },
        remove: undeliveredNames,
        conditions: [conditions.existsNotDeleted, conditions.callbackNotPending],
      };
      return (await write(id, change, entry)).done;
    },

    leaseCheck: async ({ id, nextCheckAt: expectedCheckAt }, nextCheckAt) => {
      const { done, row } = await write(id, {
        set: { nextCheckAt },
        conditions: [conditions.checkNotLeased],
        values: { expectedCheckAt },
      });
      return done && row ? toTaskRecord(row) : undefined;
    },

    recordNextExecution: async (id, execution, nextCheckAt) => {
      const { done } = await write(id, {
        set: { execution, nextCheckAt },
        conditions: [conditions.notEnded, conditions.previousExecution],
        values: { previous: execution - 1 },
      });
      return done;
    },

    recordDeletion: (deleted) => recordDeletion(client, table, deleted),

    recordPicturesDeleted: async (id, picturesDeletedAt, nextCheckAt) => {
      await write(id, {
        setOnce: { picturesDeletedAt },
        set: checkAttributes(id, nextCheckAt),
        conditions: [conditions.deleted],
      });
    },

    findDueChecks: (now, limit) => findDueChecks(client, table, now, limit),
  };
}

function activeTaskIn({ row }: Updated): ActiveTask | undefined {
  const task = row && toTaskState(row);
  return task && !isEnded(task) ? task : undefined;
}

/** A task with its request, in one read: the two items are neighbours in the table. */
async function findTask(
  client: DynamoDBClient,
  table: string,
  id: string,
): Promise<Task | undefined> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      ...withPlaceholders(
        { KeyConditionExpression: '#id = :id AND #part BETWEEN :request AND :state' },
        { id, request: parts.request, state: parts.state },
      ),
    }),
  );
  return toTask(Items.map((item) => unmarshall(item)));
}

/** All items of a task in one read: also the attempts to deliver its callback, if there were any. */
async function findItems(
  client: DynamoDBClient,
  table: string,
  id: string,
): Promise<readonly Row[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      ...withPlaceholders({ KeyConditionExpression: '#id = :id' }, { id }),
    }),
  );
  return Items.map((item) => unmarshall(item));
}

async function findDueChecks(
  client: DynamoDBClient,
  table: string,
  now: number,
  limit: number,
): Promise<readonly DueCheck[]> {
  const { partition, sort } = indexKeys.nextCheck;
  const isDue = `#${partition} = :shard AND #${sort} <= :now`;
  const shards = await Promise.all(
    Array.from({ length: checkShards }, (_, shard) =>
      client.send(
        new QueryCommand({
          TableName: table,
          IndexName: indexNames.nextCheck,
          ...withPlaceholders({ KeyConditionExpression: isDue }, { shard, now }),
          Limit: limit, // of each shard: the longest overdue may all lie in one
        }),
      ),
    ),
  );
  return shards
    .flatMap(({ Items = [] }) => Items.map((item) => toTaskRecord(unmarshall(item))))
    .map(({ id, nextCheckAt = 0 }) => ({ id, nextCheckAt }))
    .sort((a, b) => a.nextCheckAt - b.nextCheckAt)
    .slice(0, limit);
}

// What is written to several items of a task, in one transaction.

/** One attempt to deliver a callback, and the state of the callback after it. */
type Attempted = {
  readonly task: EndedTask;
  readonly attempt: CallbackAttempt;
  readonly record: CallbackRecord;
  readonly nextCheckAt?: number | undefined;
};

/**
 * Writes an attempt, and the new state of the callback; nothing for a task that was deleted in the meantime. If another
 * attempt was recorded since the task was read, this one gets the number after it.
 */
async function recordCallbackAttempt(
  client: DynamoDBClient,
  table: string,
  attempted: Attempted,
): Promise<void> {
  const { task, record } = attempted;
  let attemptsBefore = task.callbackAttempts ?? 0;
  const isOver = await untilResult(async () => {
    const outcome = await writeAll(client, attemptActions(table, attempted, attemptsBefore));
    if (outcome.state !== 'conditionFailed') return outcome.state === 'written' || undefined;
    const found = recordIn(outcome);
    if (!isEndedTask(found)) return true;
    if (isFailure(record) && found.callback?.state === 'delivered') return true;
    attemptsBefore = found.callbackAttempts ?? 0;
    return undefined;
  });
  if (!isOver) throw new Error(`an attempt to deliver the callback of ${task.id} was not recorded`);
}

function attemptActions(
  table: string,
  { task, attempt, record, nextCheckAt }: Attempted,
  attemptsBefore: number,
): Actions {
  const number = attemptsBefore + 1;
  const isGivenUp = record.state === 'undelivered';
  return {
    state: {
      Update: {
        TableName: table,
        Key: marshall(partKey(task.id, parts.state)),
        ...updateExpression({
          set: {
            callback: record,
            callbackAttempts: number,
            ...checkAttributes(task.id, nextCheckAt),
            ...(isGivenUp && undeliveredAttributes(task, attempt.at)),
          },
          remove: isGivenUp ? [] : undeliveredNames,
          conditions: [
            conditions.existsNotDeleted,
            conditions.attemptsUnchanged,
            ...(isFailure(record) ? [conditions.notDelivered] : []),
          ],
          values: { ...literals, attemptsBefore },
        }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    },
    attempt: { Put: { TableName: table, Item: toAttemptItem(task, number, attempt) } },
  };
}

const isFailure = ({ state }: CallbackRecord): boolean =>
  state === 'retrying' || state === 'undelivered';

/**
 * Replaces the state of an ended task by its tombstone, and deletes its request and all attempts. Returns the tombstone
 * as the first call has written it; undefined when the account has no such task, or it has not ended.
 */
async function recordDeletion(
  client: DynamoDBClient,
  table: string,
  deleted: DeletedTask,
): Promise<DeletedTask | undefined> {
  let attemptsBefore = 0;
  const result = await untilResult(async () => {
    const outcome = await writeAll(client, deletionActions(table, deleted, attemptsBefore));
    if (outcome.state === 'written') return { deleted };
    if (outcome.state === 'transactionConflict') return undefined;
    const found = recordIn(outcome);
    if (!isEndedTask(found) || found.account !== deleted.owner) {
      return { deleted: deletedBefore(found, deleted) };
    }
    attemptsBefore = found.callbackAttempts ?? 0;
    return undefined;
  });
  if (!result) throw new Error(`${deleted.id} was in conflict at all attempts to delete it`);
  return result.deleted;
}

const deletedBefore = (
  found: TaskRecord | undefined,
  { owner }: DeletedTask,
): DeletedTask | undefined =>
  found && isDeleted(found) && found.owner === owner ? found : undefined;

function deletionActions(table: string, deleted: DeletedTask, attemptsBefore: number): Actions {
  const remove = (part: string): TransactWriteItem => ({
    Delete: { TableName: table, Key: marshall(partKey(deleted.id, part)) },
  });
  const stored = Math.min(attemptsBefore, maxStoredAttempts);
  const attempts = Array.from({ length: stored }, (_, index) => parts.attempt(index + 1));
  return {
    state: {
      Put: {
        TableName: table,
        Item: toItem(deleted),
        ...withPlaceholders(
          {
            ConditionExpression: allOf([
              conditions.ended,
              conditions.sameAccount,
              conditions.attemptsUnchanged,
            ]),
          },
          { ...literals, owner: deleted.owner, attemptsBefore },
        ),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    },
    request: remove(parts.request),
    ...Object.fromEntries(attempts.map((part) => [part, remove(part)])),
  };
}

const isEndedTask = (record: TaskRecord | undefined): record is EndedTask =>
  record !== undefined && !isDeleted(record) && isEnded(record);

/** The record that made a transaction fail. */
function recordIn({ failed }: Exclude<Outcome, { state: 'written' }>): TaskRecord | undefined {
  const row = failed.get('state');
  return row && toTaskRecord(row);
}
