import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AttributeValue, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { onTestFinished } from 'vitest';
import { startDynamoDb } from '../../../local/dynamodb/start-dynamodb.ts';
import type { TableDefinition } from '../../../local/dynamodb/tables.ts';

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

export const startMs = Date.UTC(2030, 0, 1);

/** A DynamoDB of the test's own with a clock that stands still, and the real client for it. */
export async function world(options: { dataDir?: string; sweepEveryMs?: number } = {}) {
  const clock = { ms: startMs };
  const db = await startDynamoDb({ ...options, tables: [Things], now: () => clock.ms });
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
  return { client, clock, find, url: db.url, sweep: db.sweep, close };
}

export async function emptyDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'dynamodb-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}
