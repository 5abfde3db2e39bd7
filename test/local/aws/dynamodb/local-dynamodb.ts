import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { onTestFinished } from 'vitest';
import type { Moment, Pause } from '../../../../local/aws/dynamodb/pause.ts';
import { startDynamoDb } from '../../../../local/aws/dynamodb/start-dynamodb.ts';
import type { TableDefinition } from '../../../../local/aws/dynamodb/tables.ts';

export const Things: TableDefinition = {
  TableName: 'Things',
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [
    { AttributeName: 'id', AttributeType: 'S' },
    { AttributeName: 'owner', AttributeType: 'S' },
    { AttributeName: 'at', AttributeType: 'N' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byOwner',
      KeySchema: [
        { AttributeName: 'owner', KeyType: 'HASH' },
        { AttributeName: 'at', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  BillingMode: 'PAY_PER_REQUEST',
  TimeToLive: { AttributeName: 'expires' },
};

export const TableName = Things.TableName;
export const N = (value: number): AttributeValue => ({ N: String(value) });
export const S = (value: string): AttributeValue => ({ S: value });
export const key = (id: string) => ({ TableName, Key: { id: S(id) } });
export const item = (id: string, more: Record<string, AttributeValue> = {}) => ({
  TableName,
  Item: { id: S(id), ...more },
});

/** A transaction of these actions. */
export const write = (...TransactItems: TransactWriteItem[]) =>
  new TransactWriteItemsCommand({ TransactItems });

/** An update that adds to the item's amount. */
export const addTo = (id: string, amount: number) => ({
  ...key(id),
  UpdateExpression: 'ADD amount :amount',
  ExpressionAttributeValues: { ':amount': N(amount) },
});

export const startMs = Date.UTC(2030, 0, 1);

/** A DynamoDB for one test, with a clock that stands still, and the SDK's client for it. */
export async function localDynamoDb(
  options: {
    dataDir?: string;
    ttlIntervalMs?: number;
    pause?: Pause;
    tables?: readonly TableDefinition[];
  } = {},
) {
  const clock = { ms: startMs };
  const db = await startDynamoDb({ tables: [Things], ...options, now: () => clock.ms });
  const client = new DynamoDBClient({
    endpoint: db.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    client.destroy();
    await db.close();
  };
  onTestFinished(close);

  const find = async (id: string) =>
    (await client.send(new GetItemCommand({ ...key(id), ConsistentRead: true }))).Item;
  return { client, clock, find, url: db.url, deleteExpired: db.deleteExpired, close };
}

export async function emptyDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'dynamodb-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

/** Stops the first call that reaches a moment, until `open` is called. */
export function barrier(stops: (moment: Moment) => boolean) {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  let isReached = false;
  const pause: Pause = (moment) => {
    if (isReached || !stops(moment)) return undefined;
    isReached = true;
    reached.resolve();
    return opened.promise;
  };
  return { pause, reached: reached.promise, open: opened.resolve };
}
