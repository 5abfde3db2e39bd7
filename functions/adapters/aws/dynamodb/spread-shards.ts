import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { maxShardsAfter, shardsFor, spreadEvenly } from '../../../domain/billing/shards.ts';
import {
  accountKey,
  accountShardKey,
  openTaskTransferChanges,
  readShards,
  type ShardRows,
  shardActions,
  transferChanges,
  valuesOf,
} from './shards.ts';
import { writeAll } from './transaction.ts';
import { update, updateExpression } from './update.ts';

const conditions = { fewerShards: '(attribute_not_exists(#shards) OR #shards < :shards)' };

/** Why an account is spread, and the price of one of its tasks. */
type SpreadOptions = { readonly price: number; readonly because: keyof typeof maxShardsAfter };

/**
 * Spreads the credits of an account evenly over its shards, and the number of tasks that it may have open. An account that
 * has enough gets more shards first. After a conflict, an account that gets no more shards is left as it is. When this write
 * itself conflicts with another, nothing changes.
 */
export async function spreadAccount(
  client: DynamoDBClient,
  table: string,
  account: string,
  { price, because }: SpreadOptions,
): Promise<void> {
  const rows = await readShards(client, { accounts: table }, { account });
  if (!rows) return;
  const now = rows.shards.length;
  const amounts = [
    { left: valuesOf(rows.shards, 'balance'), need: price },
    { left: valuesOf(rows.shards, 'inFlightLeft'), need: 1 },
  ];
  const count = shardsFor(amounts, maxShardsAfter[because](now));
  const getsMore = count > now && (await raiseCount(client, table, account, count));
  if (!getsMore && because === 'conflict') return;
  const spread = (name: string) => spreadEvenly(valuesOf(padded(rows, Math.max(count, now)), name));
  const actions = shardActions(
    'shard',
    {
      table,
      keyOf: (shard) => accountShardKey(account, shard),
      guarded: ['balance', 'inFlightLeft'],
    },
    [...transferChanges(spread('balance')), ...openTaskTransferChanges(spread('inFlightLeft'))],
  );
  if (Object.keys(actions).length > 0) await writeAll(client, actions);
}

/**
 * The row of the account has the number of its shards. It is raised before a new shard gets anything, so that readers
 * find that.
 */
async function raiseCount(
  client: DynamoDBClient,
  table: string,
  account: string,
  shards: number,
): Promise<boolean> {
  const { done } = await update(client, {
    TableName: table,
    Key: marshall(accountKey(account)),
    ...updateExpression({ set: { shards }, conditions: [conditions.fewerShards] }),
  });
  return done;
}

const padded = ({ shards }: ShardRows, count: number) =>
  Array.from({ length: count }, (_, shard) => shards[shard] ?? {});
