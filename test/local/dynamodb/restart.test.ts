import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { startDynamoDb } from '../../../local/dynamodb/start-dynamodb.ts';
import { emptyDir, item, N, S, TableName, Things, world } from './world.ts';

test('a kept directory brings tables, items, indexes and times to live back', async () => {
  const dataDir = await emptyDir();
  const first = await world({ dataDir });
  const attributes = { owner: S('me'), at: N(1) };
  await first.client.send(
    new TransactWriteItemsCommand({ TransactItems: [{ Put: item('kept', attributes) }] }),
  );
  const described = await first.client.send(new DescribeTableCommand({ TableName }));
  await first.close();

  const { client, find } = await world({ dataDir });

  const again = await client.send(new DescribeTableCommand({ TableName }));
  expect(again.Table?.TableId).toBe(described.Table?.TableId);
  expect(again.Table?.TableStatus).toBe('ACTIVE');
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

test('nothing is kept in memory', async () => {
  const first = await world();
  await first.client.send(
    new TransactWriteItemsCommand({ TransactItems: [{ Put: item('lost') }] }),
  );
  await first.close();

  const second = await world();

  expect(await second.find('lost')).toBeUndefined();
});

test('a directory in use is refused with its name', async () => {
  const dataDir = await emptyDir();
  await world({ dataDir });

  await expect(startDynamoDb({ tables: [Things], dataDir })).rejects.toThrow(dataDir);
});

test('a kept table that the template has changed since is refused with what to do', async () => {
  const dataDir = await emptyDir();
  await (await world({ dataDir })).close();
  const [, ...others] = Things.GlobalSecondaryIndexes ?? [];
  const changed = { ...Things, GlobalSecondaryIndexes: others };

  await expect(startDynamoDb({ tables: [changed], dataDir })).rejects.toThrow('start with --fresh');
});
