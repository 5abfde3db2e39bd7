import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { indexNames } from '../../../domain/model/storage-names.ts';
import type { TaskHistory } from '../../../domain/tasks/list-tasks.ts';
import { withPlaceholders } from './expressions.ts';
import { findRows } from './rows.ts';
import { endOfTime, listPosition, listShardsOf, parseListPosition, toTask } from './task-row.ts';

/** The tasks of an account in DynamoDB. The index says where they stand, the table what they are. */
export const taskHistory = (client: DynamoDBClient, table: string): TaskHistory => ({
  positions: async (account, { limit, after, from = 0, to = Number.MAX_SAFE_INTEGER }) => {
    const before = after && after.createdAt <= to ? listPosition(after) : endOfTime(to);
    const shards = await Promise.all(
      listShardsOf(account).map((shard) => readShard(client, table, { shard, before, limit })),
    );
    return shards
      .flat()
      .sort()
      .reverse()
      .slice(0, limit)
      .map(parseListPosition)
      .filter(({ createdAt }) => createdAt >= from);
  },

  findAll: async (ids) => {
    const keys = ids.map((id) => ({ id }));
    return (await findRows(client, table, keys)).flatMap((row) => toTask(row) ?? []);
  },
});

type ShardRange = { readonly shard: string; readonly before: string; readonly limit: number };

/** The newest positions of one shard before this one. As many as the whole list may have: they may all lie here. */
async function readShard(
  client: DynamoDBClient,
  table: string,
  { shard, before, limit }: ShardRange,
): Promise<readonly string[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: indexNames.tasksByAccount,
      ...withPlaceholders(
        { KeyConditionExpression: '#listShard = :shard AND #listPosition < :before' },
        { shard, before },
      ),
      ScanIndexForward: false,
      Limit: limit,
    }),
  );
  return Items.map((item) => String(unmarshall(item)['listPosition']));
}
