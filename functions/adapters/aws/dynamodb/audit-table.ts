import { createHash } from 'node:crypto';
import {
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type TransactWriteItem,
  type Update,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import {
  type AuditEntry,
  type AuditLog,
  type AuditPage,
  type AuditRange,
  auditDays,
} from '../../../domain/model/audit.ts';
import type { CursorKey } from '../../../domain/model/ids.ts';
import { expiryAttributes, tableKeys } from '../../../domain/model/storage-names.ts';
import { withPlaceholders } from './expressions.ts';
import type { Row } from './rows.ts';
import { untilResult, writeAll } from './transaction.ts';
import type { Updated } from './update.ts';

// The entries of a month are in four partitions, and those about one account in one of them. So an account with very many
// changes fills only one, and the entries about an account are read from one. In a partition they are sorted by time.

const monthShards = 4;

const shardOf = (account: string): number =>
  createHash('sha256').update(account).digest().readUInt8(0) % monthShards;

const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7);
const startOf = (month: string): number => Date.parse(`${month}-01`);

const monthShard = (month: string, shard: number): string => `${month}#${shard}`;
/** Sorts as the time, and then the id, do. */
const positionOf = (at: number, id: string): string => `${String(at).padStart(13, '0')}#${id}`;

const rowOf = (entry: AuditEntry) =>
  marshall(
    {
      ...entry,
      [tableKeys.Audit.partition]: monthShard(monthOf(entry.at), shardOf(entry.account)),
      [tableKeys.Audit.sort]: positionOf(entry.at, entry.id),
      [expiryAttributes.Audit]: Math.ceil(entry.at / 1000) + auditDays * 24 * 60 * 60,
    },
    { removeUndefinedValues: true },
  );

/**
 * Writes an entry in the transaction of the act that it is about. Some acts have no entry,
 * for example a caller who cancels his own task.
 * @throws {Error} when there is an entry and no table for it
 */
export function putAuditEntry(
  table: string | undefined,
  entry: AuditEntry | undefined,
): TransactWriteItem | undefined {
  if (!entry) return undefined;
  if (!table) throw new Error(`there is no table for an entry about ${entry.operation}`);
  return { Put: { TableName: table, Item: rowOf(entry) } };
}

/**
 * One conditional update with the entry about it; both are written, or none. Like `update`, but without the row after the
 * write.
 */
export async function updateWithEntry(
  client: DynamoDBClient,
  table: string | undefined,
  update: Update,
  entry: AuditEntry,
): Promise<Updated> {
  const result = await untilResult(async (): Promise<Updated | undefined> => {
    const outcome = await writeAll(client, {
      update: { Update: { ...update, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } },
      entry: putAuditEntry(table, entry),
    });
    if (outcome.state === 'written') return { done: true, row: undefined };
    if (outcome.state === 'transactionConflict') return undefined;
    return { done: false, row: outcome.failed.get('update') };
  });
  if (!result) throw new Error(`${entry.operation}: others were writing at every attempt`);
  return result;
}

/** The entries in DynamoDB. */
export const auditTable = (client: DynamoDBClient, table: string): AuditLog => ({
  put: async (entry) => {
    await client.send(new PutItemCommand({ TableName: table, Item: rowOf(entry) }));
  },
  read: (range) => readEntries(client, table, range),
});

/** Reads from month to month into the past. */
async function readEntries(
  client: DynamoDBClient,
  table: string,
  { account, from, to, after, limit }: AuditRange,
): Promise<AuditPage> {
  const shards =
    account === undefined
      ? Array.from({ length: monthShards }, (_, shard) => shard)
      : [shardOf(account)];
  const before =
    after && after.createdAt <= to ? positionOf(after.createdAt, after.id) : positionOf(to + 1, '');
  const entries: AuditEntry[] = [];
  let month = monthOf(Math.min(to, after?.createdAt ?? to));
  while (entries.length < limit && startOf(month) >= startOf(monthOf(from))) {
    const left = limit - entries.length;
    const read = await Promise.all(
      shards.map((shard) =>
        readShard(client, table, { shard: monthShard(month, shard), before, limit: left, from }),
      ),
    );
    entries.push(
      ...read
        .flat()
        .sort((a, b) => (positionOf(a.at, a.id) < positionOf(b.at, b.id) ? 1 : -1))
        .slice(0, left),
    );
    month = monthOf(startOf(month) - 1);
  }
  return {
    // The partition has entries about other accounts, too.
    entries: entries.filter((entry) => account === undefined || entry.account === account),
    next: entries.length < limit ? undefined : cursorKeyOf(entries.at(-1)),
  };
}

const cursorKeyOf = (entry: AuditEntry | undefined): CursorKey | undefined =>
  entry && { createdAt: entry.at, id: entry.id };

type ShardRange = {
  readonly shard: string;
  readonly before: string;
  readonly from: number;
  readonly limit: number;
};

async function readShard(
  client: DynamoDBClient,
  table: string,
  { shard, before, from, limit }: ShardRange,
): Promise<readonly AuditEntry[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      ...withPlaceholders(
        {
          KeyConditionExpression: `#${tableKeys.Audit.partition} = :shard AND #${tableKeys.Audit.sort} < :before`,
        },
        { shard, before },
      ),
      ScanIndexForward: false,
      // The operator must see what he has just done.
      ConsistentRead: true,
      Limit: limit,
    }),
  );
  return Items.map((item) => toEntry(unmarshall(item))).filter(({ at }) => at >= from);
}

// Only this folder writes rows, so what is read has the shape that was written.
const toEntry = (row: Row): AuditEntry => ({
  id: row['id'],
  operation: row['operation'],
  at: row['at'],
  actorKeyId: row['actorKeyId'],
  actorKeyName: row['actorKeyName'],
  requestId: row['requestId'],
  account: row['account'],
  taskId: row['taskId'],
  keyId: row['keyId'],
  before: row['before'],
  after: row['after'],
});
