import type {
  CancellationReason,
  DynamoDBClient,
  TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type Books, type Movement, reserve, settle } from '../task/ledger.ts';
import type { Ledger, Opening } from '../task/ports.ts';
import type { Remembered } from '../task/remember.ts';
import { type Ended, isEnded, type Pending } from '../task/task.ts';
import { type BookTables, enter, moveFunds, moveSpending, readBooks } from './books.ts';
import { findRemembered, remember, rememberedIn } from './idempotency.ts';
import { fromItem, toItem } from './task-row.ts';
import { type Plan, transact } from './transaction.ts';

type LedgerTables = BookTables & { readonly tasks: string };
type OpeningTables = LedgerTables & { readonly idempotency: string };

// Every movement is planned on what the account and the key have, and written if they still have it.
// So one pure function decides (task/ledger.ts), and an entry can say what the balance was after it.

/** The side of the ledger that takes tasks in. */
export const openings = (client: DynamoDBClient, tables: OpeningTables): Pick<Ledger, 'open'> => ({
  open: (task, remembered) =>
    transact<Opening>(client, async () => {
      const books = await readBooks(client, tables, task.account, task.keyId);
      const movement = reserve(books, task);
      if ('entry' in movement) return opening(tables, books, movement, task, remembered);
      // Read after the books: whoever spent the last credits under this key is seen here.
      const before =
        remembered && (await findRemembered(client, tables, remembered.id, task.createdAt));
      return { answer: before ? rememberedAs(before) : movement };
    }),
});

/** The side of the ledger that ends tasks. */
export const settlements = (
  client: DynamoDBClient,
  tables: LedgerTables,
): Pick<Ledger, 'settle'> => ({
  settle: (task) =>
    transact<Ended | undefined>(client, async () => {
      const books = await readBooks(client, tables, task.account, task.keyId);
      const movement = settle(books, task);
      return {
        actions: [endTask(tables, task), ...moves(tables, task.account, books, movement)],
        done: task,
        refused: (at, reasons) => (at(0) ? whyNotEnded(task, reasons[0]) : 'again'),
      };
    }),
});

function opening(
  tables: OpeningTables,
  books: Books,
  movement: Movement,
  task: Pending,
  remembered: Remembered | undefined,
): Plan<Opening> {
  const what = { taskId: task.id };
  return {
    actions: [
      addTask(tables, task),
      ...(remembered ? [remember(tables, remembered, what, task.createdAt)] : []),
      ...moves(tables, task.account, books, movement),
    ],
    done: { state: 'opened' },
    refused: (at, reasons) => {
      if (remembered && at(1)) return rememberedAs(rememberedIn(reasons[1]));
      if (!at(0)) return 'again';
      throw new Error(`a task could not be opened: ${task.id} is there already`);
    },
  };
}

const rememberedAs = ({ taskId, requestHash }: ReturnType<typeof rememberedIn>): Opening => ({
  ...{ state: 'remembered', taskId: String(taskId), requestHash },
});

const moves = (
  { accounts, keys }: BookTables,
  account: string,
  { funds, key }: Books,
  movement: Movement,
): TransactWriteItem[] => [
  moveFunds(accounts, account, funds, movement.funds),
  enter(accounts, account, movement),
  ...(key && movement.spending ? [moveSpending(keys, key, movement.spending)] : []),
];

const addTask = ({ tasks }: LedgerTables, task: Pending): TransactWriteItem => ({
  Put: { TableName: tasks, Item: toItem(task), ConditionExpression: 'attribute_not_exists(id)' },
});

const endTask = ({ tasks }: LedgerTables, task: Ended): TransactWriteItem => ({
  Put: {
    TableName: tasks,
    Item: toItem(task),
    // What was set aside for it is what is given back: anything else would make or lose money.
    ConditionExpression: '(#status = :pending OR #status = :processing) AND reserved = :reserved',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: marshall({
      ...{ ':pending': 'pending', ':processing': 'processing', ':reserved': task.reserved },
    }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
});

function whyNotEnded({ id, reserved }: Ended, { Item }: CancellationReason = {}): undefined {
  const found = Item && fromItem(Item);
  if (!found || isEnded(found)) return undefined;
  throw new Error(`settling ${id} was refused: ${found.reserved} is set aside, not ${reserved}`);
}
