import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Row } from './update.ts';

/** The rows with these keys (at most 100), as they are now and in any order; what is not there is absent. */
export async function findRows(
  client: DynamoDBClient,
  table: string,
  wanted: readonly Row[],
): Promise<readonly Row[]> {
  const found: Row[] = [];
  let keys = wanted.map((key) => marshall(key));
  while (keys.length > 0) {
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
    );
    found.push(...(Responses[table] ?? []).map((item) => unmarshall(item)));
    keys = UnprocessedKeys[table]?.Keys ?? [];
  }
  return found;
}
