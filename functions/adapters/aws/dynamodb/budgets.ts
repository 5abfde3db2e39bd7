import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { divide } from '../../../domain/billing/shards.ts';
import { type BudgetName, budgetName, type DailyBudget } from '../../../domain/model/account.ts';
import type { Row } from './rows.ts';
import {
  accountKey,
  accountShardKey,
  limitActions,
  readShards,
  type ShardRows,
  valuesOf,
} from './shards.ts';
import { type Actions, untilResult, writeAll } from './transaction.ts';
import { updateExpression } from './update.ts';

// The daily budget of an account lies in its shards, as its credits do: what is left of it on a day is one number in each
// row, under a name of that day. A task takes from it in the write that takes its credits, so it costs no further write. The
// first task of a day opens the day: it divides the budget among the shards.

const conditions = {
  sameBudget: '#dailyBudget = :budgetBefore',
  noBudget: 'attribute_not_exists(#dailyBudget)',
  sameEpoch: '#budgetEpoch = :epochBefore',
  sameDay: '#budgetOpened = :openedBefore',
  noDay: 'attribute_not_exists(#budgetOpened)',
  exists: 'attribute_exists(#account)',
};

/** The budget in the row of an account. */
export const budgetIn = (row: Row): DailyBudget | undefined =>
  row['dailyBudget'] === undefined
    ? undefined
    : {
        amount: row['dailyBudget'],
        isLimit: row['stopAtBudget'] === true,
        epoch: row['budgetEpoch'],
      };

/** Whether the budget of a day was divided among the shards. */
export const isOpen = ({ account }: ShardRows, name: BudgetName): boolean =>
  account['budgetOpened'] === name;

type DayToOpen = {
  readonly account: string;
  readonly budget: DailyBudget;
  readonly at: number;
  /** The price of a task. */
  readonly price: number;
};

/** How long the rest of the budget of a day stays in the rows. The clocks of functions differ by less. */
const remainderTtlMs = 24 * 60 * 60 * 1000;

/** Divides the budget of a day among the shards, once. When somebody else was faster, nothing is written. */
export async function openDay(
  client: DynamoDBClient,
  table: string,
  { account: row, shards }: ShardRows,
  { account, budget, at, price }: DayToOpen,
): Promise<void> {
  const name = budgetName(budget, at);
  const kept = [name, budgetName(budget, at - remainderTtlMs)];
  const parts = divide(budget.amount, price, shards.length);
  const actions = shards.map((shardRow, shard) => [
    `shard ${shard}`,
    {
      Update: {
        TableName: table,
        Key: marshall(accountShardKey(account, shard)),
        ...updateExpression({
          set: { [name]: parts[shard] ?? 0 },
          add: { changes: 1, additions: 1 },
          remove: Object.keys(shardRow).filter(
            (one) => /^budget\d{8}e\d+$/.test(one) && !kept.some((other) => other === one),
          ),
        }),
      },
    },
  ]);
  await writeAll(client, {
    account: {
      Update: {
        TableName: table,
        Key: marshall(accountKey(account)),
        ...updateExpression({
          set: { budgetOpened: name },
          conditions: [
            conditions.sameBudget,
            conditions.sameEpoch,
            ...sameDay(row['budgetOpened']),
          ],
          values: {
            budgetBefore: budget.amount,
            epochBefore: budget.epoch,
            openedBefore: row['budgetOpened'],
          },
        }),
      },
    },
    ...Object.fromEntries(actions),
  });
}

const sameDay = (opened: string | undefined): readonly string[] => [
  opened === undefined ? conditions.noDay : conditions.sameDay,
];

/**
 * Changes or removes the budget of an account. A day that has begun changes by the difference. If more than the new budget
 * is spent already, the first shard gets the debt. `entryOf` makes the write of the audit entry from the row before.
 * @returns whether anything was written; false when there is no such account, or when it has that budget already
 */
export async function changeBudget(
  client: DynamoDBClient,
  table: string,
  account: string,
  amount: number | null,
  entryOf: (row: Row) => TransactWriteItem | undefined = () => undefined,
): Promise<boolean> {
  const changed = await untilResult(async () => {
    const rows = await readShards(client, { accounts: table }, { account });
    if (!rows || rows.account['dailyBudget'] === (amount ?? undefined)) return { written: false };
    const outcome = await writeAll(client, {
      account: changeAction(table, account, rows.account, amount),
      ...differenceActions(table, account, rows, amount),
      entry: entryOf(rows.account),
    });
    return outcome.state === 'written' ? { written: true } : undefined;
  });
  if (!changed) throw new Error(`the budget of ${account} was changed at every attempt`);
  return changed.written;
}

function changeAction(table: string, account: string, row: Row, amount: number | null) {
  const { dailyBudget: budgetBefore, budgetOpened: openedBefore, budgetEpoch: epoch = 0 } = row;
  const isNew = budgetBefore === undefined;
  return {
    Update: {
      TableName: table,
      Key: marshall(accountKey(account)),
      ...updateExpression({
        set: { dailyBudget: amount, budgetEpoch: isNew ? epoch + 1 : epoch },
        conditions: [
          conditions.exists,
          isNew ? conditions.noBudget : conditions.sameBudget,
          ...sameDay(openedBefore),
        ],
        values: { budgetBefore, openedBefore },
      }),
    },
  };
}

/** Changes the day that was opened last by the difference, unless it belongs to an earlier epoch. */
function differenceActions(
  table: string,
  account: string,
  { account: row, shards }: ShardRows,
  amount: number | null,
): Actions {
  const opened: BudgetName | undefined = row['budgetOpened'];
  const before: number | undefined = row['dailyBudget'];
  if (amount === null || before === undefined || !opened?.endsWith(`e${row['budgetEpoch']}`)) {
    return {};
  }
  return limitActions(
    'shard',
    { table, keyOf: (shard) => accountShardKey(account, shard), guarded: [opened] },
    {
      left: valuesOf(shards, opened),
      difference: amount - before,
      changeOf: (size) => ({ [opened]: size }),
    },
  );
}
