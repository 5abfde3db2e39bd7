import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AuditEntry } from '../../../domain/model/audit.ts';
import { indexNames } from '../../../domain/model/storage-names.ts';
import { type ActiveTask, isEnded, type Task, taskDeadlineMs } from '../../../domain/model/task.ts';
import type { DueCheck, TaskStore } from '../../../domain/tasks/ports.ts';
import { updateWithEntry } from './audit-table.ts';
import { withPlaceholders } from './expressions.ts';
import { type Row, readRow } from './rows.ts';
import { conditions, literals } from './task-conditions.ts';
import { recordCallbackAttempt, recordDeletion } from './task-items.ts';
import {
  checkAttributes,
  checkShards,
  partKey,
  parts,
  toAttempts,
  toTask,
  toTaskRecord,
  toTaskRequest,
  toTaskState,
  undeliveredNames,
} from './task-row.ts';
import { type Change, type Updated, update, updateExpression } from './update.ts';

const countOneBusy = { add: { busyCount: 1 } };

/** The task records in DynamoDB. With the table for the entries about what the operator does, where any are written. */
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

/** A task with what was asked, in one read: both items lie side by side. */
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
