import {
  type DynamoDBClient,
  QueryCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import {
  afterPosition,
  endOfPositions,
  sumUsage,
  type Usage,
  type UsageRange,
  type UsageStore,
  usageOf,
  usagePosition,
} from '../../../domain/billing/usage.ts';
import type { Model } from '../../../domain/model/catalogue.ts';
import type { KeyOf } from '../../../domain/model/storage-names.ts';
import type { EndedTask } from '../../../domain/model/task.ts';
import type { EntryPlace } from './entries.ts';
import { withPlaceholders } from './expressions.ts';
import { type Row, readRow } from './rows.ts';
import { accountKey, shardPartition } from './shards.ts';
import { updateExpression } from './update.ts';

// Usage is counted in the shard of the settlement, so counting adds no conflict. A row stays below a kilobyte, so that
// counting costs the same for ever: for durations it has one number for each bucket, named after the bucket.

const prefix = 'usage#';
const bucketPrefix = 's';

/**
 * Counts a task that has ended, in the transaction that settles it.
 * @param catalogue the models with what the providers charge for an image
 */
export function addUsage(
  table: string,
  { account, shard }: EntryPlace,
  task: EndedTask,
  catalogue?: readonly Model[],
): TransactWriteItem {
  const { day, keyId, model, seconds, ...counts } = usageOf(task, catalogue);
  const buckets = Object.entries(seconds).map(([bucket, count]) => [
    `${bucketPrefix}${bucket}`,
    count,
  ]);
  return {
    Update: {
      TableName: table,
      Key: marshall({
        account: shardPartition(account, shard),
        entry: `${prefix}${usagePosition({ day, keyId, model })}`,
      } satisfies KeyOf<'Accounts'>),
      ...updateExpression({
        add: { ...counts, ...Object.fromEntries(buckets) },
        setOnce: { day, keyId, model },
      }),
    },
  };
}

/** The usage of accounts in DynamoDB. */
export const usageTable = (client: DynamoDBClient, table: string): UsageStore => ({
  page: async (account, range) => {
    const { shards = 0 } = (await readRow(client, table, accountKey(account))) ?? {};
    const read = await Promise.all(
      Array.from({ length: shards }, (_, shard) =>
        readShard(client, table, shardPartition(account, shard), range),
      ),
    );
    // A shard that has more rows ends early. Rows after the earliest such end belong to the next page.
    const [end] = read.flatMap(({ end: one }) => one ?? []).sort();
    const rows = read.flatMap((shard) => shard.rows);
    return {
      rows: sumUsage(end === undefined ? rows : rows.filter((row) => usagePosition(row) <= end)),
      next: end === undefined ? undefined : afterPosition(end),
    };
  },
});

type ShardPage = {
  readonly rows: readonly Usage[];
  /** The position of the last row, when there are more. */
  readonly end?: string | undefined;
};

async function readShard(
  client: DynamoDBClient,
  table: string,
  partition: string,
  { from, to, limit }: UsageRange,
): Promise<ShardPage> {
  const last = endOfPositions(to);
  if (from > last) return { rows: [] }; // DynamoDB rejects such a range
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      ...withPlaceholders(
        { KeyConditionExpression: '#account = :partition AND #entry BETWEEN :from AND :last' },
        { partition, from: `${prefix}${from}`, last: `${prefix}${last}` },
      ),
      ConsistentRead: true,
      Limit: limit,
    }),
  );
  return {
    rows: Items.map((item) => toUsage(unmarshall(item))),
    end: LastEvaluatedKey && String(unmarshall(LastEvaluatedKey)['entry']).slice(prefix.length),
  };
}

const bucketName = /^s(\d+)$/;

// Only this folder writes rows, so what is read has the shape that was written.
const toUsage = (row: Row): Usage => ({
  day: row['day'],
  keyId: row['keyId'],
  model: row['model'],
  tasks: row['tasks'],
  failedTasks: row['failedTasks'],
  images: row['images'],
  charged: row['charged'],
  providerCost: row['providerCost'],
  unpricedImages: row['unpricedImages'],
  seconds: Object.fromEntries(
    Object.entries(row).flatMap(([name, count]) => {
      const bucket = bucketName.exec(name)?.[1];
      return bucket === undefined ? [] : [[bucket, count]];
    }),
  ),
});
