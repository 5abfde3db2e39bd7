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

/** Where a row is. */
export type RowAddress = { readonly table: string; readonly key: Row };

/** DynamoDB reads at most this many rows at once. */
const maxRowsInBatch = 100;

/** The rows with these keys as they are now, in any order; a missing row is left out. */
export async function findRows(
  client: DynamoDBClient,
  table: string,
  keys: readonly Row[],
): Promise<readonly Row[]> {
  const found = await findRowsOf(
    client,
    keys.map((key) => ({ table, key })),
  );
  return found.get(table) ?? [];
}

/** The rows at these addresses as they are now, by table and in any order; a missing row is left out. */
export async function findRowsOf(
  client: DynamoDBClient,
  addresses: readonly RowAddress[],
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const found = new Map<string, Row[]>();
  const left = [...addresses];
  while (left.length > 0) {
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(
      new BatchGetItemCommand({ RequestItems: requestFor(left.splice(0, maxRowsInBatch)) }),
    );
    for (const [table, items] of Object.entries(Responses)) {
      found.set(table, [...(found.get(table) ?? []), ...items.map((item) => unmarshall(item))]);
    }
    for (const [table, { Keys = [] }] of Object.entries(UnprocessedKeys)) {
      left.push(...Keys.map((key) => ({ table, key: unmarshall(key) })));
    }
  }
  return found;
}

const requestFor = (addresses: readonly RowAddress[]) =>
  Object.fromEntries(
    Object.entries(Object.groupBy(addresses, ({ table }) => table)).map(([table, some = []]) => [
      table,
      { Keys: some.map(({ key }) => marshall(key)), ConsistentRead: true },
    ]),
  );
