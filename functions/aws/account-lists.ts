import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Accounts } from '../task/account.ts';
import { accountKey, entryKey, entryPrefix, listed, toAccount, toEntry } from './account-row.ts';
import { findRows } from './find-rows.ts';

/** Accounts by name. The index says which there are, the table what they have now. */
export async function listAccounts(
  client: DynamoDBClient,
  table: string,
  { limit, behind }: Parameters<Accounts['list']>[0],
): ReturnType<Accounts['list']> {
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: 'listed',
      KeyConditionExpression: 'listed = :listed',
      ExpressionAttributeValues: marshall({ ':listed': listed }),
      ...(behind && { ExclusiveStartKey: marshall({ listed, ...accountKey(behind) }) }),
      Limit: limit,
    }),
  );
  const names = Items.map((item) => String(unmarshall(item)['account']));
  const rows = await findRows(client, table, names.map(accountKey));
  const byName = new Map(rows.map((row) => [row['account'], toAccount(row)]));
  return {
    accounts: names.flatMap((name) => byName.get(name) ?? []),
    next: LastEvaluatedKey && names.at(-1),
  };
}

/** The entries of a ledger, the newest first. */
export async function listEntries(
  client: DynamoDBClient,
  table: string,
  account: string,
  { limit, before }: Parameters<Accounts['entries']>[1],
): ReturnType<Accounts['entries']> {
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'account = :account AND begins_with(entry, :prefix)',
      ExpressionAttributeValues: marshall({ ':account': account, ':prefix': entryPrefix }),
      ...(before !== undefined && { ExclusiveStartKey: marshall(entryKey(account, before)) }),
      ScanIndexForward: false,
      ConsistentRead: true,
      Limit: limit,
    }),
  );
  const entries = Items.map((item) => toEntry(unmarshall(item)));
  return { entries, next: LastEvaluatedKey && entries.at(-1)?.number };
}
