import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type Ledger, LedgerBusy } from '../../../domain/billing/ledger.ts';
import { entryIdOf } from '../../../domain/model/account.ts';
import type { Model } from '../../../domain/model/catalogue.ts';
import { expiryAttributes } from '../../../domain/model/storage-names.ts';
import { type EndedTask, isEnded } from '../../../domain/model/task.ts';
import { addEntry } from './entries.ts';
import { allOf, withPlaceholders } from './expressions.ts';
import { accountShardKey, dayShardKey, keyShardKey, shardActions } from './shards.ts';
import { partKey, parts, toItem, toTaskState, ttlOf } from './task-row.ts';
import { type Actions, type Outcome, untilResult, writeAll } from './transaction.ts';
import { updateExpression } from './update.ts';
import { addUsage } from './usage.ts';

type Tables = { readonly accounts: string; readonly keys: string; readonly tasks: string };

const conditions = {
  notEnded: '#status IN (:pending, :processing)',
  /** Exactly what was reserved is released, where it was reserved: anything else would create or lose money. */
  sameReservation: '#reserved = :reserved',
  sameShard: '#reservedIn.#shard = :shard',
  noShard: 'attribute_not_exists(#reservedIn)',
};

/** So many attempts take half a minute. A task is settled on the shard that it was reserved on, and nowhere else. */
export const patience = { attempts: 100, pauseMs: 600 };

/**
 * The part of the ledger that settles tasks.
 * @param catalogue the models with what the providers charge for an image, which usage adds up
 */
export const settlements = (
  client: DynamoDBClient,
  tables: Tables,
  catalogue?: readonly Model[],
): Pick<Ledger, 'settle'> => ({
  settle: async (task) => {
    const result = await untilResult(async () => {
      const outcome = await writeAll(client, actionsOf(tables, task, catalogue));
      if (outcome.state === 'written') return { settled: task };
      return isSettled(task, outcome) ? { settled: undefined } : undefined;
    }, patience);
    if (!result)
      throw new LedgerBusy(`${task.id} was in conflict at all ${patience.attempts} attempts`);
    return result.settled;
  },
});

/**
 * Whether a settlement was refused because the task has ended.
 * @throws {Error} when it was refused for another reason
 */
function isSettled(
  { id, reserved }: EndedTask,
  { state, failed }: Exclude<Outcome, { state: 'written' }>,
): boolean {
  if (failed.has('task')) {
    const row = failed.get('task');
    const found = row && toTaskState(row);
    if (!found || isEnded(found)) return true;
    throw new Error(`${id} cannot be settled: ${found.reserved} is reserved, not ${reserved}`);
  }
  if (state === 'transactionConflict') return false;
  throw new Error(`${id} cannot be settled: ${reserved} is not reserved in its shard`);
}

function actionsOf(
  { accounts, keys, tasks }: Tables,
  task: EndedTask,
  catalogue?: readonly Model[],
): Actions {
  const { id: taskId, account, keyId, reserved, charged, finishedAt: at } = task;
  const { shard, day, budget } = task.reservedIn ?? { shard: 0 };
  const returned = reserved - charged;
  const settled = { reserved: -reserved, used: charged, balance: returned };
  const entry = { id: entryIdOf(at, `${taskId}-settle`), at, amount: returned, charged };
  return {
    task: endTask(tasks, task),
    request: expireRequest(tasks, task),
    entry: addEntry(accounts, { account, shard }, { ...entry, kind: 'settle', taskId, keyId }),
    usage: addUsage(accounts, { account, shard }, task, catalogue),
    ...shardActions(
      'shard',
      { table: accounts, keyOf: (one) => accountShardKey(account, one), guarded: ['reserved'] },
      // The rest also goes back to the budget of the day that paid for the task.
      [
        [
          shard,
          { ...settled, inFlight: -1, inFlightLeft: 1, ...(budget && { [budget]: returned }) },
        ],
      ],
    ),
    ...shardActions(
      'key',
      { table: keys, keyOf: (one) => keyShardKey(keyId, one), guarded: ['reserved'] },
      [[shard, settled]],
    ),
    // The rest goes back to the day that paid for the task, also after midnight.
    ...(day !== undefined &&
      shardActions(
        'day',
        { table: keys, keyOf: (one) => dayShardKey(keyId, day, one), guarded: [] },
        [[shard, { balance: returned }]],
      )),
  };
}

const endTask = (tasks: string, task: EndedTask): TransactWriteItem => ({
  Put: {
    TableName: tasks,
    Item: toItem(task),
    ...withPlaceholders(
      {
        ConditionExpression: allOf([
          conditions.notEnded,
          conditions.sameReservation,
          task.reservedIn ? conditions.sameShard : conditions.noShard,
        ]),
      },
      {
        pending: 'pending',
        processing: 'processing',
        reserved: task.reserved,
        shard: task.reservedIn?.shard,
      },
    ),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
});

/** The request expires together with the state. */
const expireRequest = (
  tasks: string,
  { id, expiresAt }: EndedTask,
): TransactWriteItem | undefined =>
  expiresAt === undefined
    ? undefined
    : {
        Update: {
          TableName: tasks,
          Key: marshall(partKey(id, parts.request)),
          ...updateExpression({ set: { [expiryAttributes.Tasks]: ttlOf(expiresAt) } }),
        },
      };
