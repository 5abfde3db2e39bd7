import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import {
  type CallbackAttempt,
  type CallbackRecord,
  type DeletedTask,
  type EndedTask,
  isDeleted,
  isEnded,
  maxStoredAttempts,
  type TaskRecord,
} from '../../../domain/model/task.ts';
import { allOf, withPlaceholders } from './expressions.ts';
import { conditions, literals } from './task-conditions.ts';
import {
  checkAttributes,
  partKey,
  parts,
  toAttemptItem,
  toItem,
  toTaskRecord,
  undeliveredAttributes,
  undeliveredNames,
} from './task-row.ts';
import { type Actions, type Outcome, untilResult, writeAll } from './transaction.ts';
import { updateExpression } from './update.ts';

// What is written to several items of a task, in one transaction.

/** One attempt to deliver a callback, and what became of the callback. */
type Attempted = {
  readonly task: EndedTask;
  readonly attempt: CallbackAttempt;
  readonly record: CallbackRecord;
  readonly nextCheckAt?: number | undefined;
};

/**
 * Writes an attempt, and what became of the callback: not for a task that was deleted in the meantime. When another attempt
 * was recorded since the task was read, this one gets the number after it.
 */
export async function recordCallbackAttempt(
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
 * Replaces the state of an ended task by what stays of it, and deletes what was asked and all attempts. Returns the deleted
 * task as the first call has written it; undefined when the account has no such task, or it has not ended.
 */
export async function recordDeletion(
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
