import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Funds } from '../task/account.ts';
import type { ApiKey, Spending } from '../task/api-key.ts';
import type { Books, Movement } from '../task/ledger.ts';
import { accountKey, toAccount, toEntryItem } from './account-row.ts';
import { toKey } from './key-row.ts';
import { readRow } from './read-row.ts';
import { changesOf } from './row-changes.ts';

export type BookTables = { readonly accounts: string; readonly keys: string };

/** What an account and one of its keys have now. */
export async function readBooks(
  client: DynamoDBClient,
  { accounts, keys }: BookTables,
  account: string,
  keyId: string,
): Promise<Books> {
  const [row, key] = await Promise.all([
    readRow(client, accounts, accountKey(account)),
    readRow(client, keys, { keyId }),
  ]);
  if (!row) throw new Error(`the account ${account} is not there`);
  const { limits, ...funds } = toAccount(row);
  return { funds, limits, key: key && toKey(key) };
}

/** Writes the funds after a movement, unless somebody moved money since they were read. */
export const moveFunds = (
  TableName: string,
  account: string,
  before: Funds,
  { granted, balance, reserved, used, inFlight, entries }: Funds,
): TransactWriteItem => ({
  Update: {
    TableName,
    Key: marshall(accountKey(account)),
    ...changesOf({ granted, balance, reserved, used, inFlight, entries }, '#entries = :before', {
      ':before': before.entries,
    }),
  },
});

/** Enters the movement. */
export const enter = (
  TableName: string,
  account: string,
  { entry }: Movement,
): TransactWriteItem => ({
  Put: {
    TableName,
    Item: toEntryItem(account, entry),
    ConditionExpression: 'attribute_not_exists(account)',
  },
});

/** Writes what was spent through the key, unless somebody did since it was read. */
export const moveSpending = (
  TableName: string,
  { keyId, moves }: ApiKey,
  spending: Spending,
): TransactWriteItem => ({
  Update: {
    TableName,
    Key: marshall({ keyId }),
    ...changesOf(spending, '#moves = :before', { ':before': moves }),
  },
});
