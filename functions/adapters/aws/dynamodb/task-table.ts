import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { indexNames } from '../../../domain/model/storage-names.ts';
import { type ActiveTask, isDeleted, isEnded } from '../../../domain/model/task.ts';
import type { DueCheck, TaskStore } from '../../../domain/tasks/ports.ts';
import { allOf, withPlaceholders } from './expressions.ts';
import { type Row, readRow } from './rows.ts';
import { checkShard, checkShards, toItem, toTask, toTaskRecord } from './task-row.ts';
import { type Change, put, type Updated, update, updateExpression } from './update.ts';

/** When a task may be written. Placeholders that stand for a literal are in `literals`. */
const conditions = {
  notEnded: '#status IN (:pending, :processing)',
  ended: '#status IN (:completed, :failed)',
  /** Nothing is written about a deleted task but that its pictures are deleted. */
  existsNotDeleted: '(attribute_exists(#id) AND #status <> :deleted)',
  deleted: '#status = :deleted',
  sameAccount: '#account = :owner',
  isPending: '#status = :pending',
  /** The first outcome stays: the settlement may have read it already. */
  noOutcome: 'attribute_not_exists(#outcome)',
  notCancelled: 'attribute_not_exists(#cancelledAt)',
  /** No provider has the job, or the one that has it can still cancel it. */
  cancellable: '(#status = :pending OR #cancellable = :true)',
  beforeDeadline: '(attribute_not_exists(#deadlineAt) OR #deadlineAt > :now)',
  /**
   * No attempt holds the submit lock. Or the lock is this call's own: the SDK retries a write whose response
   * was lost, and must not take its own lock for that of an earlier attempt with an unknown outcome.
   */
  lockFree: '(attribute_not_exists(#submitLockedAt) OR #lockOwner = :lockOwner)',
  /** The lock is still the one that was read: no other attempt has taken it over. */
  lockUnchanged: '#submitLockedAt = :lockedAt',
  sameProvider: '#provider = :provider',
  /** No other run of the reconciler has leased this check in the meantime. */
  checkNotLeased: '#nextCheckAt = :expectedCheckAt',
  /** A task without a number is in its first execution. */
  previousExecution:
    '(#execution = :previous OR (attribute_not_exists(#execution) AND :previous = :first))',
  /** A failed delivery must not hide a successful one that ran at the same time. */
  notDelivered: '(attribute_not_exists(#callback) OR #callback.#state <> :delivered)',
  /** A callback that waits for its first attempt is sent once, however often it is asked for. */
  callbackNotPending: '(attribute_not_exists(#callback) OR #callback.#state <> :pending)',
};

const literals = {
  pending: 'pending',
  processing: 'processing',
  completed: 'completed',
  failed: 'failed',
  deleted: 'deleted',
  delivered: 'delivered',
  first: 1,
  true: true,
};

const countOneBusy = { add: { busyCount: 1 } };

/** The task records in DynamoDB. */
export function taskTable(client: DynamoDBClient, table: string): TaskStore {
  const write = (id: string, change: Change): Promise<Updated> =>
    update(client, {
      TableName: table,
      Key: marshall({ id }),
      ...updateExpression({ ...change, values: { ...literals, ...change.values } }),
    });

  /** The task after a write that needs it to be active, also when another of its conditions failed. */
  const writeActive = async (id: string, change: Change): Promise<ActiveTask | undefined> => {
    const { conditions: more = [] } = change;
    return activeTaskIn(await write(id, { ...change, conditions: [conditions.notEnded, ...more] }));
  };

  return {
    find: async (id) => {
      const row = await readRow(client, table, { id });
      return row && toTask(row);
    },

    findRecord: async (id) => {
      const row = await readRow(client, table, { id });
      return row && toTaskRecord(row);
    },

    recordUpload: (id, index) => writeActive(id, { add: { arrived: new Set([index]) } }),

    recordStarted: (id, { startedAt, deadlineAt, nextCheckAt }) =>
      writeActive(id, { setOnce: { startedAt, deadlineAt }, set: { nextCheckAt } }),

    acquireSubmitLock: async (id, provider, at, submittedRequest) => {
      const { done, row } = await write(id, {
        set: { submitLockedAt: at, provider, lockOwner: randomUUID(), submittedRequest },
        conditions: [
          conditions.isPending,
          conditions.noOutcome,
          conditions.notCancelled,
          conditions.beforeDeadline,
          conditions.lockFree,
        ],
        values: { now: at },
      });
      const task = row && toTask(row);
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
        remove: ['submitLockedAt', 'lockOwner', 'submittedRequest'],
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

    requestCancel: (id, cancelledAt, nextCheckAt) =>
      writeActive(id, {
        set: { cancelledAt, nextCheckAt },
        conditions: [conditions.notCancelled, conditions.noOutcome, conditions.cancellable],
      }),

    recordCallbackAttempt: async (id, record, nextCheckAt) => {
      const isFailure = record.state === 'failing' || record.state === 'undelivered';
      await write(id, {
        set: { callback: record, ...checkChange(id, nextCheckAt) },
        conditions: [conditions.existsNotDeleted, ...(isFailure ? [conditions.notDelivered] : [])],
      });
    },

    scheduleCallback: async (id, nextCheckAt) => {
      const { done } = await write(id, {
        set: { callback: { state: 'pending', attempts: 0 }, ...checkChange(id, nextCheckAt) },
        conditions: [conditions.existsNotDeleted, conditions.callbackNotPending],
      });
      return done;
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

    recordDeletion: async (deleted) => {
      const { done, row } = await put(client, {
        TableName: table,
        Item: toItem(deleted),
        ...withPlaceholders(
          { ConditionExpression: allOf([conditions.ended, conditions.sameAccount]) },
          { ...literals, owner: deleted.owner },
        ),
      });
      if (done) return deleted;
      const record = row && toTaskRecord(row);
      return record && isDeleted(record) && record.owner === deleted.owner ? record : undefined;
    },

    recordPicturesDeleted: async (id, picturesDeletedAt, nextCheckAt) => {
      await write(id, {
        setOnce: { picturesDeletedAt },
        set: checkChange(id, nextCheckAt),
        conditions: [conditions.deleted],
      });
    },

    findDueChecks: (now, limit) => findDueChecks(client, table, now, limit),
  };
}

function activeTaskIn({ row }: Updated): ActiveTask | undefined {
  const task = row && toTask(row);
  return task && !isEnded(task) ? task : undefined;
}

// Without a next check the task leaves the index of due checks.
const checkChange = (id: string, nextCheckAt?: number): Row => ({
  nextCheckAt: nextCheckAt ?? null,
  checkShard: nextCheckAt === undefined ? null : checkShard(id),
});

async function findDueChecks(
  client: DynamoDBClient,
  table: string,
  now: number,
  limit: number,
): Promise<readonly DueCheck[]> {
  const shards = await Promise.all(
    Array.from({ length: checkShards }, (_, shard) =>
      client.send(
        new QueryCommand({
          TableName: table,
          IndexName: indexNames.nextCheck,
          ...withPlaceholders(
            { KeyConditionExpression: '#checkShard = :shard AND #nextCheckAt <= :now' },
            { shard, now },
          ),
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
