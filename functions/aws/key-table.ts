import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ApiKey, ApiKeys } from '../task/api-key.ts';
import type { Place } from '../task/cursor.ts';
import type { Clock } from '../task/ports.ts';
import { findRows } from './find-rows.ts';
import { toKey, toKeyItem } from './key-row.ts';
import { readRow } from './read-row.ts';
import { changesOf } from './row-changes.ts';
import { put, type Row, update } from './update.ts';

const isThere = 'attribute_exists(keyId) AND attribute_not_exists(deletedAt)';

/** The API keys in DynamoDB. One that was deleted leaves its row, which is no key any more. */
export function keyTable(client: DynamoDBClient, table: string, now: Clock): ApiKeys {
  const change = (keyId: string, wanted: Row) =>
    update(client, {
      TableName: table,
      Key: marshall({ keyId }),
      ...changesOf(wanted, isThere),
    });
  return {
    add: async (key) => {
      const before = await put(client, {
        TableName: table,
        Item: toKeyItem(key),
        ConditionExpression: 'attribute_not_exists(keyId)',
      });
      // One with the same hash is this one, whose answer was lost; and never written over.
      if (before === undefined || before['hash'] === key.hash) return;
      throw new Error(`there is a key ${key.keyId} already`);
    },
    find: (keyId) => findKey(client, table, keyId),
    list: (account, wish) => list(client, table, account, wish),
    change: async (keyId, wanted) => {
      const { done, row } = await change(keyId, wanted);
      return done && row ? toKey(row) : undefined;
    },
    remove: async (keyId) => (await change(keyId, { deletedAt: now() })).done,
  };
}

/** The key of this id as it is now. */
export async function findKey(
  client: DynamoDBClient,
  table: string,
  keyId: string,
): Promise<ApiKey | undefined> {
  const row = await readRow(client, table, { keyId });
  return row && toKey(row);
}

// The index says which there are, the table how they are now. Deleted ones are read and left out, so
// a page may be short; its cursor leads on.
async function list(
  client: DynamoDBClient,
  table: string,
  account: string,
  { limit, behind }: Parameters<ApiKeys['list']>[1],
): ReturnType<ApiKeys['list']> {
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: 'byAccount',
      KeyConditionExpression: 'account = :account',
      ExpressionAttributeValues: marshall({ ':account': account }),
      ...(behind && { ExclusiveStartKey: marshall(startingAt(account, behind)) }),
      ScanIndexForward: false,
      Limit: limit,
    }),
  );
  const ids = Items.map((item) => String(unmarshall(item)['keyId']));
  const rows = await findRows(
    client,
    table,
    ids.map((keyId) => ({ keyId })),
  );
  const byId = new Map(rows.map((row) => [row['keyId'], toKey(row)]));
  const last = LastEvaluatedKey && unmarshall(LastEvaluatedKey);
  return {
    keys: ids.flatMap((keyId) => byId.get(keyId) ?? []),
    next: last && { id: last['keyId'], createdAt: last['createdAt'] },
  };
}

const startingAt = (account: string, { id, createdAt }: Place) => ({
  ...{ account, createdAt, keyId: id },
});
