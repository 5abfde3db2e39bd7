import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Ledger, Opening } from '../task/ports.ts';
import type { Remembered } from '../task/remember.ts';
import type { Ended, Pending } from '../task/task.ts';
import { accountKey, entryKey } from './account-row.ts';
import { toItem } from './task-row.ts';
import { type Cancelled, refusedAt, transact } from './transaction.ts';

type LedgerTables = { readonly accounts: string; readonly tasks: string };
type OpeningTables = LedgerTables & { readonly idempotency: string };

// The actions of an opening by their place, since that is how the reasons come back.
const place = { account: 0, entry: 1, task: 2, idempotency: 3 } as const;

// At all times an account's `granted = balance + reserved + used`.

/** The side of the ledger that takes tasks in. */
export const openings = (client: DynamoDBClient, tables: OpeningTables): Pick<Ledger, 'open'> => ({
  open: async (task, remembered) => {
    const reasons = await transact(client, [
      reserve(tables, task),
      entry(tables, task, 'reserve', { amount: task.reserved, at: task.createdAt }),
      addTask(tables, task),
      ...(remembered ? [remember(tables, task, remembered)] : []),
    ]);
    return reasons ? whyNotOpened(reasons) : { state: 'opened' };
  },
});

/** The side of the ledger that ends tasks. */
export const settlements = (
  client: DynamoDBClient,
  tables: LedgerTables,
): Pick<Ledger, 'settle'> => ({
  settle: async (task) => {
    const reasons = await transact(client, [
      settleAccount(tables, task),
      entry(tables, task, 'settle', {
        amount: task.charged,
        returned: task.reserved - task.charged,
        at: task.finishedAt,
      }),
      endTask(tables, task),
    ]);
    if (!reasons) return task;
    if (refusedAt(reasons, place.task)) return undefined;
    throw new Error(
      `settling ${task.id} was refused: ${reasons.map(({ Code }) => Code).join(', ')}`,
    );
  },
});

function whyNotOpened(reasons: Cancelled): Opening {
  const before = reasons[place.idempotency]?.Item;
  if (refusedAt(reasons, place.idempotency) && before) {
    const { taskId, requestHash } = unmarshall(before);
    return { state: 'remembered', taskId: String(taskId), requestHash: String(requestHash) };
  }
  if (refusedAt(reasons, place.account)) return { state: 'insufficient' };
  throw new Error(`a task could not be opened: ${reasons.map(({ Code }) => Code).join(', ')}`);
}

const reserve = (
  { accounts }: LedgerTables,
  { account, reserved }: Pending,
): TransactWriteItem => ({
  Update: {
    TableName: accounts,
    Key: marshall(accountKey(account)),
    UpdateExpression: 'SET balance = balance - :cost, reserved = reserved + :cost',
    ConditionExpression: 'balance >= :cost',
    ExpressionAttributeValues: marshall({ ':cost': reserved }),
  },
});

const settleAccount = ({ accounts }: LedgerTables, task: Ended): TransactWriteItem => ({
  Update: {
    TableName: accounts,
    Key: marshall(accountKey(task.account)),
    UpdateExpression:
      'SET reserved = reserved - :reserved, used = used + :charged, balance = balance + :returned',
    ConditionExpression: 'reserved >= :reserved',
    ExpressionAttributeValues: marshall({
      ':reserved': task.reserved,
      ':charged': task.charged,
      ':returned': task.reserved - task.charged,
    }),
  },
});

type Movement = { readonly amount: number; readonly returned?: number; readonly at: number };

const entry = (
  { accounts }: LedgerTables,
  { account, id, keyId }: Pending | Ended,
  kind: 'reserve' | 'settle',
  movement: Movement,
): TransactWriteItem => ({
  Put: {
    TableName: accounts,
    Item: marshall({
      ...entryKey(account, movement.at, `${id}#${kind}`),
      kind,
      taskId: id,
      keyId,
      ...movement,
    }),
    ConditionExpression: 'attribute_not_exists(account)',
  },
});

const addTask = ({ tasks }: LedgerTables, task: Pending): TransactWriteItem => ({
  Put: { TableName: tasks, Item: toItem(task), ConditionExpression: 'attribute_not_exists(id)' },
});

const endTask = ({ tasks }: LedgerTables, task: Ended): TransactWriteItem => ({
  Put: {
    TableName: tasks,
    Item: toItem(task),
    ConditionExpression: '#status = :pending OR #status = :processing',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: marshall({ ':pending': 'pending', ':processing': 'processing' }),
  },
});

// DynamoDB deletes late, so a key that is over counts as absent whether it is still there or not.
const remember = (
  { idempotency }: OpeningTables,
  task: Pending,
  { id, requestHash, expiresAt }: Remembered,
): TransactWriteItem => ({
  Put: {
    TableName: idempotency,
    Item: marshall({ id, requestHash, taskId: task.id, expiresAt: Math.ceil(expiresAt / 1000) }),
    ConditionExpression: 'attribute_not_exists(id) OR expiresAt < :now',
    ExpressionAttributeValues: marshall({ ':now': Math.floor(task.createdAt / 1000) }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
});
