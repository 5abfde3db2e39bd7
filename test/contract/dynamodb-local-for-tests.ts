import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import { onTestFinished } from 'vitest';
import { startDynamoDbLocal } from '../support/dynamodb-local.ts';
import { tables } from './template-resources.ts';

/** AWS's DynamoDB Local. Each test gets an empty database with the tables of the template. */
export async function startDynamoDbLocalForTests() {
  const { createDatabase, stop } = await startDynamoDbLocal();
  // To create the tables takes three times as long as to empty them.
  const used: DynamoDBClient[] = [];
  return {
    stop: async () => {
      for (const client of used) client.destroy();
      await stop();
    },
    database: async () => {
      const reused = used.pop();
      if (reused) await emptyTables(reused);
      const client = reused ?? (await createDatabase(tables));
      onTestFinished(() => void used.push(client));
      return client;
    },
  };
}

/** How many items one request can delete. */
const maxBatch = 25;

const emptyTables = (client: DynamoDBClient) =>
  Promise.all(
    tables.map(async (table) => {
      const items = paginateScan({ client }, { TableName: table.TableName, ConsistentRead: true });
      for await (const { Items = [] } of items) await deleteItems(client, table, Items);
    }),
  );

async function deleteItems(
  client: DynamoDBClient,
  { TableName, KeySchema }: (typeof tables)[number],
  items: readonly Record<string, AttributeValue>[],
): Promise<void> {
  const keys = items.map((item) =>
    Object.fromEntries(
      KeySchema.flatMap(({ AttributeName: name }) => (item[name] ? [[name, item[name]]] : [])),
    ),
  );
  for (let at = 0; at < keys.length; at += maxBatch) {
    const requests = keys.slice(at, at + maxBatch).map((Key) => ({ DeleteRequest: { Key } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
  }
}
