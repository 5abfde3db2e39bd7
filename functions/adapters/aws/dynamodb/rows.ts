import { BatchGetItemCommand, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, type NativeAttributeValue, unmarshall } from '@aws-sdk/util-dynamodb';
import { backOff } from './back-off.ts';

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
const maxPauseMs = 1000;

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
  const batches = Array.from({ length: Math.ceil(addresses.length / maxRowsInBatch) }, (_, batch) =>
    addresses.slice(batch * maxRowsInBatch, (batch + 1) * maxRowsInBatch),
  );
  const read = await Promise.all(batches.map((batch) => readBatch(client, batch)));
  const found = new Map<string, readonly Row[]>();
  for (const [table, rows] of read.flat()) found.set(table, [...(found.get(table) ?? []), ...rows]);
  return found;
}

type RowsOfTable = readonly [table: string, rows: readonly Row[]];

/** DynamoDB reads a part of a batch when it is throttled: the rest is read after a pause. */
async function readBatch(
  client: DynamoDBClient,
  addresses: readonly RowAddress[],
): Promise<readonly RowsOfTable[]> {
  const found: RowsOfTable[] = [];
  let left = addresses;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    if (attempt > 1) await backOff(attempt, maxPauseMs);
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(
      new BatchGetItemCommand({ RequestItems: requestFor(left) }),
    );
    for (const [table, items] of Object.entries(Responses)) {
      found.push([table, items.map((item) => unmarshall(item))]);
    }
    left = Object.entries(UnprocessedKeys).flatMap(([table, { Keys = [] }]) =>
      Keys.map((key) => ({ table, key: unmarshall(key) })),
    );
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
