import { setTimeout } from 'node:timers/promises';
import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { allOf, withPlaceholders } from '../../functions/adapters/aws/dynamodb/expressions.ts';
import { type Row, readRow } from '../../functions/adapters/aws/dynamodb/rows.ts';
import { toItem } from '../../functions/adapters/aws/dynamodb/task-row.ts';
import { type Actions, writeAll } from '../../functions/adapters/aws/dynamodb/transaction.ts';
import { put, updateExpression } from '../../functions/adapters/aws/dynamodb/update.ts';
import {
  type Ledger,
  LedgerBusy,
  type SpendingLimits,
} from '../../functions/domain/billing/ledger.ts';
import type { EndedTask, Pending } from '../../functions/domain/model/task.ts';
import type { TableNames } from '../table-names.ts';
import {
  type Account,
  type Key,
  type Posting,
  reserve,
  type Snapshot,
  settle,
} from './postings.ts';
import { backoffMs, maxConflicts } from './retries.ts';

// The ledger that Darkroom had before the balance shards, for the comparison in `npm run bench -- ledger`. Its money lies
// in one row of the account: every posting is computed from the row, and written only if the row has not changed
// (optimistic concurrency). Only what is measured is kept: there are no failures and no idempotency records.

const conditions = {
  taskIsNew: 'attribute_not_exists(#id)',
  taskNotEnded: '#status IN (:pending, :processing)',
  sameReservation: '#reserved = :reserved',
  entryIsNew: 'attribute_not_exists(#account)',
  fundsUnchanged: '#entries = :entriesBefore',
  spendingUnchanged: '#version = :versionBefore',
};

const accountKey = (account: string) => ({ account, entry: 'account' });

const entryKey = (account: string, number: number) => ({
  account,
  entry: `entry#${String(number).padStart(12, '0')}`,
});

type Owner = Pick<Pending, 'account' | 'keyId'>;

type NewAccount = Owner & {
  readonly credits: number;
  readonly tasksAllowed: number;
  readonly limits: SpendingLimits;
};

/** Adds the row of an account with these credits, and that of its key. */
export async function addOptimisticAccount(
  client: DynamoDBClient,
  tables: TableNames,
  { account, keyId, credits, tasksAllowed, limits }: NewAccount,
): Promise<void> {
  const funds = { granted: credits, balance: credits, reserved: 0, used: 0, inFlight: 0 };
  const spending = { reserved: 0, used: 0, day: '', dayUsed: 0, version: 0 };
  const add = (TableName: string, row: Row) =>
    put(client, { TableName, Item: marshall(row, { removeUndefinedValues: true }) });
  await add(tables.accounts, { ...accountKey(account), ...funds, tasksAllowed, entries: 0 });
  await add(tables.keys, { keyId, account, ...spending, ...limits });
}

/** The funds of the account now. */
export const optimisticFunds = async (
  client: DynamoDBClient,
  { accounts }: TableNames,
  account: string,
): Promise<Account | undefined> =>
  // Only this file writes these rows.
  (await readRow(client, accounts, accountKey(account))) as Account | undefined;

/** The earlier ledger. It reads the limits of the key itself, together with what was spent. */
export const optimisticLedger = (
  client: DynamoDBClient,
  tables: TableNames,
): Pick<Ledger, 'reserve' | 'settle'> => ({
  reserve: async (task) => {
    const written = await post(client, tables, task, (snapshot) => ({
      task: addTask(tables, task),
      ...postingActions(tables, task, snapshot, reserve(snapshot, task)),
    }));
    return { state: written ? 'reserved' : 'busy' };
  },
  settle: async (task) => {
    const written = await post(client, tables, task, (snapshot) => ({
      task: endTask(tables, task),
      ...postingActions(tables, task, snapshot, settle(snapshot, task)),
    }));
    if (!written) throw new LedgerBusy(`${task.id} was not settled`);
    return task;
  },
});

/** Reads, plans and writes, and repeats that while other writers are faster. Returns whether the posting was written. */
async function post(
  client: DynamoDBClient,
  tables: TableNames,
  owner: Owner,
  plan: (snapshot: Snapshot) => Actions,
): Promise<boolean> {
  const conflicts = { transactionConflict: 0, conditionFailed: 0 };
  while (
    conflicts.transactionConflict < maxConflicts.transactionConflict &&
    conflicts.conditionFailed < maxConflicts.conditionFailed
  ) {
    const before = conflicts.transactionConflict + conflicts.conditionFailed;
    if (before > 0) await setTimeout(backoffMs(before));
    const outcome = await writeAll(client, plan(await readSnapshot(client, tables, owner)));
    if (outcome.state === 'written') return true;
    if (outcome.failed.has('task')) throw new Error('the task is not as it was expected to be');
    conflicts[outcome.state] += 1;
  }
  return false;
}

async function readSnapshot(
  client: DynamoDBClient,
  tables: TableNames,
  { account, keyId }: Owner,
): Promise<Snapshot> {
  const [accountRow, keyRow] = await Promise.all([
    optimisticFunds(client, tables, account),
    readRow(client, tables.keys, { keyId }),
  ]);
  if (!accountRow || !keyRow) throw new Error(`there is no account ${account} with ${keyId}`);
  return { account: accountRow, key: keyRow as Key };
}

const addTask = ({ tasks }: TableNames, task: Pending): TransactWriteItem => ({
  Put: {
    TableName: tasks,
    Item: toItem(task),
    ...withPlaceholders({ ConditionExpression: conditions.taskIsNew }),
  },
});

const endTask = ({ tasks }: TableNames, task: EndedTask): TransactWriteItem => ({
  Put: {
    TableName: tasks,
    Item: toItem(task),
    ...withPlaceholders(
      { ConditionExpression: allOf([conditions.taskNotEnded, conditions.sameReservation]) },
      { pending: 'pending', processing: 'processing', reserved: task.reserved },
    ),
  },
});

const postingActions = (
  { accounts, keys }: TableNames,
  { account, keyId }: Owner,
  before: Snapshot,
  { funds, spending, entry }: Posting,
): Actions => ({
  funds: {
    Update: {
      TableName: accounts,
      Key: marshall(accountKey(account)),
      ...updateExpression({
        set: {
          granted: funds.granted,
          balance: funds.balance,
          reserved: funds.reserved,
          used: funds.used,
          inFlight: funds.inFlight,
          entries: funds.entries,
        },
        conditions: [conditions.fundsUnchanged],
        values: { entriesBefore: before.account.entries },
      }),
    },
  },
  entry: {
    Put: {
      TableName: accounts,
      Item: marshall({ ...entry, ...entryKey(account, funds.entries) }),
      ...withPlaceholders({ ConditionExpression: conditions.entryIsNew }),
    },
  },
  spending: {
    Update: {
      TableName: keys,
      Key: marshall({ keyId }),
      ...updateExpression({
        set: {
          reserved: spending.reserved,
          used: spending.used,
          day: spending.day,
          dayUsed: spending.dayUsed,
          version: spending.version,
        },
        conditions: [conditions.spendingUnchanged],
        values: { versionBefore: before.key.version },
      }),
    },
  },
});
