import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { startDynamoDb } from '../../../../local/aws/dynamodb/start-dynamodb.ts';
import { emptyDir, item, localDynamoDb, N, S, TableName, Things } from './local-dynamodb.ts';

test('tables, items, indexes and time-to-live settings survive a restart with the same directory', async () => {
  const dataDir = await emptyDir();
  const first = await localDynamoDb({ dataDir });
  const attributes = { owner: S('me'), at: N(1) };
  await first.client.send(
    new TransactWriteItemsCommand({ TransactItems: [{ Put: item('kept', attributes) }] }),
  );
  const described = await first.client.send(new DescribeTableCommand({ TableName }));
  await first.close();

  const { client, find } = await localDynamoDb({ dataDir });

  const restarted = await client.send(new DescribeTableCommand({ TableName }));
  expect(restarted.Table?.TableId).toBe(described.Table?.TableId);
  expect(restarted.Table?.TableStatus).toBe('ACTIVE');
  expect(await find('kept')).toEqual({ id: S('kept'), ...attributes });
  const mine = await client.send(
    new QueryCommand({
      TableName,
      IndexName: 'byOwner',
      KeyConditionExpression: '#owner = :me',
      ExpressionAttributeNames: { '#owner': 'owner' },
      ExpressionAttributeValues: { ':me': S('me') },
    }),
  );
  expect(mine.Count).toBe(1);
  const live = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  expect(live.TimeToLiveDescription?.AttributeName).toBe('expires');
});

test('without a directory nothing survives a restart', async () => {
  const first = await localDynamoDb();
  await first.client.send(
    new TransactWriteItemsCommand({ TransactItems: [{ Put: item('lost') }] }),
  );
  await first.close();

  const second = await localDynamoDb();

  expect(await second.find('lost')).toBeUndefined();
});

test('a directory in use is rejected with its name', async () => {
  const dataDir = await emptyDir();
  await localDynamoDb({ dataDir });

  await expect(startDynamoDb({ tables: [Things], dataDir })).rejects.toThrow(dataDir);
});

test('a stored table with other keys than the template’s is rejected with advice', async () => {
  const dataDir = await emptyDir();
  await (await localDynamoDb({ dataDir })).close();
  const [, ...others] = Things.GlobalSecondaryIndexes ?? [];
  const changed = { ...Things, GlobalSecondaryIndexes: others };

  await expect(startDynamoDb({ tables: [changed], dataDir })).rejects.toThrow('start with --fresh');
});
