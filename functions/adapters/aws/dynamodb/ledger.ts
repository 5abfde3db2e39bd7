import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { IdempotencyRecord } from '../../../domain/billing/idempotency.ts';
import {
  type AccountSnapshot,
  type Credit,
  type CreditResult,
  credit,
  type Ledger,
  type Posting,
  type ReserveResult,
  reserve,
  settle,
} from '../../../domain/billing/ledger.ts';
import type { Entry, Funds } from '../../../domain/model/account.ts';
import type { ApiKey, Spending } from '../../../domain/model/api-key.ts';
import { type EndedTask, isEnded, type Pending } from '../../../domain/model/task.ts';
import { accountKey, entryKey, toAccount, toEntry, toEntryItem } from './account-table.ts';
import { allOf, withPlaceholders } from './expressions.ts';
import {
  findFirstRecord,
  type IdempotencyRow,
  putIdempotencyRecord,
  toIdempotencyRow,
} from './idempotency.ts';
import { toKey } from './key-table.ts';
import { type Row, readRow } from './rows.ts';
import { toItem, toTask } from './task-row.ts';
import { type NothingToWrite, type Plan, retryTransaction, transact } from './transaction.ts';
import { updateExpression } from './update.ts';

type Tables = {
  readonly accounts: string;
  readonly keys: string;
  readonly tasks: string;
  readonly idempotency: string;
};

// Every posting is computed from what the account and the key have, and written only if they still have that. So the
// arithmetic is one pure function (domain/billing/ledger.ts), and an entry can say what the balance was after it.

const conditions = {
  taskIsNew: 'attribute_not_exists(#id)',
  taskNotEnded: '#status IN (:pending, :processing)',
  /** Exactly what was reserved is released: anything else would create or lose money. */
  sameReservation: '#reserved = :reserved',
  entryIsNew: 'attribute_not_exists(#account)',
  /** Every posting adds an entry, so the number of entries tells whether the funds have changed. */
  fundsUnchanged: '#entries = :entriesBefore',
  spendingUnchanged: '#version = :versionBefore',
};

/** The part of the ledger that reserves the price of new tasks. */
export const reservations = (client: DynamoDBClient, tables: Tables): Pick<Ledger, 'reserve'> => ({
  reserve: (task, record) =>
    transact<'task' | 'idempotency' | PostingAction, ReserveResult>(client, async () => {
      const { idempotency } = tables;
      const snapshot = await readSnapshot(client, tables, task);
      const posting = reserve(snapshot, task);
      if (!('entry' in posting)) {
        // Read after the snapshot: the request that spent the last credits may have had this very key.
        const first = await findFirstRecord(client, idempotency, record, task.createdAt);
        return { result: first ? replayOfTask(first) : posting };
      }
      const created = { taskId: task.id };
      return {
        actions: {
          task: addTask(tables, task),
          idempotency: putIdempotencyRecord(idempotency, record, created, task.createdAt),
          ...postingActions(tables, task.account, snapshot, posting),
        },
        result: { state: 'reserved' },
        onConditionsFailed: (failed) => {
          if (failed.has('idempotency')) {
            return replayOfTask(toIdempotencyRow(failed.get('idempotency')));
          }
          if (!failed.has('task')) return retryTransaction;
          throw new Error(`the task ${task.id} exists already`);
        },
      };
    }),
});

const replayOfTask = ({ taskId, requestHash }: IdempotencyRow): ReserveResult => ({
  state: 'idempotency_key_used',
  taskId: String(taskId),
  requestHash,
});

/** The part of the ledger that settles tasks. */
export const settlements = (
  client: DynamoDBClient,
  tables: Omit<Tables, 'idempotency'>,
): Pick<Ledger, 'settle'> => ({
  settle: (task) =>
    transact<'task' | PostingAction, EndedTask | undefined>(client, async () => {
      const snapshot = await readSnapshot(client, tables, task);
      return {
        actions: {
          task: endTask(tables, task),
          ...postingActions(tables, task.account, snapshot, settle(snapshot, task)),
        },
        result: task,
        onConditionsFailed: (failed) =>
          failed.has('task') ? alreadySettled(task, failed.get('task')) : retryTransaction,
      };
    }),
});

// The second of two settlements returns nothing. If the task has not ended, its reservation is not the expected one.
function alreadySettled({ id, reserved }: EndedTask, row: Row | undefined): undefined {
  const found = row && toTask(row);
  if (!found || isEnded(found)) return undefined;
  throw new Error(`${id} cannot be settled: ${found.reserved} is reserved, not ${reserved}`);
}

/** The part of the ledger through which the operator grants and withdraws credits. */
export const credits = (client: DynamoDBClient, tables: CreditTables): Pick<Ledger, 'credit'> => ({
  credit: async (request, record) => {
    const result = await transact(client, () => planCredit(client, tables, request, record));
    return 'first' in result ? replayOfCredit(client, tables, result.first) : result;
  },
});

type CreditTables = Pick<Tables, 'accounts' | 'idempotency'>;
type CreditOrReplay = CreditResult | { readonly first: IdempotencyRow };

async function planCredit(
  client: DynamoDBClient,
  tables: CreditTables,
  request: Credit,
  record: IdempotencyRecord | undefined,
): Promise<
  Plan<'funds' | 'entry' | 'idempotency', CreditOrReplay> | NothingToWrite<CreditOrReplay>
> {
  const { account, at } = request;
  const { idempotency } = tables;
  const row = await readRow(client, tables.accounts, accountKey(account));
  if (!row) return { result: { state: 'account_missing' } };
  const funds = toAccount(row);
  const posting = credit(funds, request);
  if (!('entry' in posting)) {
    // Read after the funds: the request that took the last credits may have had this very key.
    const first = await findFirstRecord(client, idempotency, record, at);
    return { result: first ? { first } : posting };
  }
  const { entry } = posting;
  return {
    actions: {
      funds: updateFunds(tables, account, funds, posting.funds),
      entry: addEntry(tables, account, entry),
      idempotency: putIdempotencyRecord(idempotency, record, { account, number: entry.number }, at),
    },
    result: { state: 'credited', entry },
    onConditionsFailed: (failed) =>
      failed.has('idempotency')
        ? { first: toIdempotencyRow(failed.get('idempotency')) }
        : retryTransaction,
  };
}

// The first request may have been for another account. Without the number of an entry, it created a task.
async function replayOfCredit(
  client: DynamoDBClient,
  { accounts }: Pick<Tables, 'accounts'>,
  { requestHash, account, number }: IdempotencyRow,
): Promise<CreditResult> {
  if (!account || !number) return { state: 'idempotency_key_used', requestHash, entry: undefined };
  const row = await readRow(client, accounts, entryKey(account, number));
  if (!row)
    throw new Error(`entry ${number} of ${account} has an idempotency record and does not exist`);
  return { state: 'idempotency_key_used', requestHash, entry: toEntry(row) };
}

/** What an account and the key of a task have now. */
async function readSnapshot(
  client: DynamoDBClient,
  { accounts, keys }: Pick<Tables, 'accounts' | 'keys'>,
  { account, keyId }: Pick<Pending, 'account' | 'keyId'>,
): Promise<AccountSnapshot> {
  const [accountRow, keyRow] = await Promise.all([
    readRow(client, accounts, accountKey(account)),
    readRow(client, keys, { keyId }),
  ]);
  if (!accountRow) throw new Error(`the account ${account} does not exist`);
  const { limits, ...funds } = toAccount(accountRow);
  return { funds, limits, key: keyRow && toKey(keyRow) };
}

const addTask = ({ tasks }: Pick<Tables, 'tasks'>, task: Pending): TransactWriteItem => ({
  Put: {
    TableName: tasks,
    Item: toItem(task),
    ...withPlaceholders({ ConditionExpression: conditions.taskIsNew }),
  },
});

const endTask = ({ tasks }: Pick<Tables, 'tasks'>, task: EndedTask): TransactWriteItem => ({
  Put: {
    TableName: tasks,
    Item: toItem(task),
    ...withPlaceholders(
      { ConditionExpression: allOf([conditions.taskNotEnded, conditions.sameReservation]) },
      { pending: 'pending', processing: 'processing', reserved: task.reserved },
    ),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
});

type PostingAction = 'funds' | 'entry' | 'spending';

/** Writes a posting of a task: the account's funds, the entry, and the spending of the key if it still exists. */
const postingActions = (
  tables: Pick<Tables, 'accounts' | 'keys'>,
  account: string,
  { funds, key }: AccountSnapshot,
  posting: Posting,
): Record<PostingAction, TransactWriteItem | undefined> => ({
  funds: updateFunds(tables, account, funds, posting.funds),
  entry: addEntry(tables, account, posting.entry),
  spending: key && posting.spending && updateSpending(tables, key, posting.spending),
});

const updateFunds = (
  { accounts }: Pick<Tables, 'accounts'>,
  account: string,
  before: Funds,
  { granted, balance, reserved, used, inFlight, entries }: Funds,
): TransactWriteItem => ({
  Update: {
    TableName: accounts,
    Key: marshall(accountKey(account)),
    ...updateExpression({
      set: { granted, balance, reserved, used, inFlight, entries },
      conditions: [conditions.fundsUnchanged],
      values: { entriesBefore: before.entries },
    }),
  },
});

const addEntry = (
  { accounts }: Pick<Tables, 'accounts'>,
  account: string,
  entry: Entry,
): TransactWriteItem => ({
  Put: {
    TableName: accounts,
    Item: toEntryItem(account, entry),
    ...withPlaceholders({ ConditionExpression: conditions.entryIsNew }),
  },
});

const updateSpending = (
  { keys }: Pick<Tables, 'keys'>,
  { keyId, version }: ApiKey,
  spending: Spending,
): TransactWriteItem => ({
  Update: {
    TableName: keys,
    Key: marshall({ keyId }),
    ...updateExpression({
      set: spending,
      conditions: [conditions.spendingUnchanged],
      values: { versionBefore: version },
    }),
  },
});
