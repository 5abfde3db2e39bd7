import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Meter, startMeter } from '../../../bench/dynamodb-meter.ts';
import { startDynamoDb } from '../../../local/aws/dynamodb/start-dynamodb.ts';
import type { TableDefinition } from '../../../local/aws/dynamodb/tables.ts';

// Ten rows of some 6 kB, so a query of all of them takes 7.5 units: half a unit for each 4 kB.

const table: TableDefinition = {
  TableName: 'Rows',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
};
const anybody = { region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
const text = 'x'.repeat(6000);

let database: Awaited<ReturnType<typeof startDynamoDb>>;
let meter: Meter;
let client: DynamoDBClient;
let metered: DynamoDBClient;

beforeAll(async () => {
  database = await startDynamoDb({ tables: [table] });
  client = new DynamoDBClient({ ...anybody, endpoint: database.url });
  meter = await startMeter({ url: database.url, client, tables: [table] });
  metered = new DynamoDBClient({ ...anybody, endpoint: meter.url });
  for (let number = 0; number < 10; number += 1) {
    const Item = { pk: { S: 'all' }, sk: { S: `${number}` }, text: { S: text } };
    await client.send(new PutItemCommand({ TableName: 'Rows', Item }));
  }
});
afterAll(async () => {
  for (const one of [client, metered]) one?.destroy();
  await meter?.close();
  await database?.close();
});

async function query(more: Partial<QueryCommandInput>) {
  meter.units.read = 0;
  const { Items = [], Count } = await metered.send(
    new QueryCommand({
      TableName: 'Rows',
      KeyConditionExpression: 'pk = :pk',
      ...more,
      ExpressionAttributeValues: { ':pk': { S: 'all' }, ...more.ExpressionAttributeValues },
    }),
  );
  return { Items, Count, read: meter.units.read };
}

test('a query of whole items takes the units of their size', async () => {
  const { Items, read } = await query({});

  expect([Items.length, read]).toEqual([10, 7.5]);
});

test.each<[string, Partial<QueryCommandInput>, object]>([
  ['counts them', { Select: 'COUNT' }, { Count: 10, Items: [] }],
  [
    'gets one of their attributes',
    { ProjectionExpression: 'sk', Limit: 10 },
    { Count: 10, Items: expect.arrayContaining([{ sk: { S: '7' } }]) },
  ],
  [
    'gets one of their attributes by another name',
    { ProjectionExpression: '#sk', ExpressionAttributeNames: { '#sk': 'sk' } },
    { Count: 10, Items: expect.arrayContaining([{ sk: { S: '7' } }]) },
  ],
  [
    'leaves most of them out',
    {
      FilterExpression: '#text = :text',
      ExpressionAttributeNames: { '#text': 'text' },
      ExpressionAttributeValues: { ':text': { S: 'none' } },
    },
    { Count: 0, Items: [] },
  ],
])('a query that %s takes the same units, and gets what it asked for', async (_, more, found) => {
  expect(await query(more)).toEqual({ ...found, read: 7.5 });
});

test('a read of one attribute takes the units of the whole item', async () => {
  meter.units.read = 0;
  const Key = { pk: { S: 'all' }, sk: { S: '7' } };
  const { Item } = await metered.send(
    new GetItemCommand({
      TableName: 'Rows',
      Key,
      ProjectionExpression: 'sk',
      ConsistentRead: true,
    }),
  );

  expect([Item, meter.units.read]).toEqual([{ sk: { S: '7' } }, 2]);
});
