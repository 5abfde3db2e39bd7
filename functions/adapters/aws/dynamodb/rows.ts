import { BatchGetItemCommand, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb';

export type Row = Record<string, NativeAttributeValue>;

/** One row as it is now: a consistent read sees everything that was written before. */
export async function readRow(
  client: DynamoDBClient,
  TableName: string,
  key: Row,
): Promise<Row | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName, Key: marshall(key), ConsistentRead: true }),
  );
  return Item && unmarshall(Item);
}

/** The rows with these keys (at most 100) as they are now, in any order; a missing row is left out. */
export async function findRows(
  client: DynamoDBClient,
  table: string,
  keys: readonly Row[],
): Promise<readonly Row[]> {
  const found: Row[] = [];
  let unread = keys.map((key) => marshall(key));
  while (unread.length > 0) {
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(
      new BatchGetItemCommand({
        RequestItems: { [table]: { Keys: unread, ConsistentRead: true } },
      }),
    );
    found.push(...(Responses[table] ?? []).map((item) => unmarshall(item)));
    unread = UnprocessedKeys[table]?.Keys ?? [];
  }
  return found;
}
