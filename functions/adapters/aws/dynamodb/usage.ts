import {
  type DynamoDBClient,
  paginateQuery,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { sumUsage, type Usage, type UsageStore, usageOf } from '../../../domain/billing/usage.ts';
import type { EndedTask } from '../../../domain/model/task.ts';
import type { EntryPlace } from './entries.ts';
import { withPlaceholders } from './expressions.ts';
import { type Row, readRow } from './rows.ts';
import { accountKey, shardPartition } from './shards.ts';
import { updateExpression } from './update.ts';

// Usage is counted in the shard of the settlement, so counting adds no conflict.

const prefix = 'usage#';

/** Counts a task that has ended, in the transaction that settles it. */
export function addUsage(
  table: string,
  { account, shard }: EntryPlace,
  task: EndedTask,
): TransactWriteItem {
  const { day, keyId, model, ...counts } = usageOf(task);
  return {
    Update: {
      TableName: table,
      Key: marshall({
        account: shardPartition(account, shard),
        entry: `${prefix}${day}#${keyId}#${model}`,
      }),
      ...updateExpression({ add: counts, setOnce: { day, keyId, model } }),
    },
  };
}

/** The usage of accounts in DynamoDB. */
export const usageTable = (client: DynamoDBClient, table: string): UsageStore => ({
  between: async (account, from, to) => {
    const { shards = 0 } = (await readRow(client, table, accountKey(account))) ?? {};
    const rows = Array.from({ length: shards }, (_, shard) =>
      usageIn(client, table, shardPartition(account, shard), from, to),
    );
    return sumUsage((await Promise.all(rows)).flat());
  },
});

async function usageIn(
  client: DynamoDBClient,
  table: string,
  partition: string,
  from: string,
  to: string,
): Promise<readonly Usage[]> {
  const pages = paginateQuery(
    { client },
    {
      TableName: table,
      ...withPlaceholders(
        { KeyConditionExpression: '#account = :partition AND #entry BETWEEN :from AND :to' },
        { partition, from: `${prefix}${from}`, to: `${prefix}${to}#~` },
      ),
      ConsistentRead: true,
    },
  );
  const found: Usage[] = [];
  for await (const { Items = [] } of pages) {
    found.push(...Items.map((item) => toUsage(unmarshall(item))));
  }
  return found;
}

// Only this folder writes rows, so what is read has the shape that was written.
const toUsage = (row: Row): Usage => ({
  day: row['day'],
  keyId: row['keyId'],
  model: row['model'],
  tasks: row['tasks'],
  failedTasks: row['failedTasks'],
  images: row['images'],
  charged: row['charged'],
});
