import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { CursorKey } from '../../../domain/model/ids.ts';
import { indexKeys, indexNames } from '../../../domain/model/storage-names.ts';
import type { ListRange, TaskHistory } from '../../../domain/tasks/list-tasks.ts';
import { withPlaceholders } from './expressions.ts';
import { findRows } from './rows.ts';
import {
  endOfTime,
  listPosition,
  listShardsOf,
  parseListPosition,
  partKey,
  parts,
  toAttempts,
  toTask,
  toTaskRequest,
  toTaskState,
} from './task-row.ts';

/** Lists of tasks in DynamoDB: an index has the positions, the table has the tasks. */
export const taskHistory = (client: DynamoDBClient, table: string): TaskHistory => {
  const findParts = (ids: readonly string[], names: readonly string[]) =>
    findRows(
      client,
      table,
      ids.flatMap((id) => names.map((name) => partKey(id, name))),
    );
  return {
    positions: (account, range) => readList(client, table, accountList, account, range),
    positionsOfDay: (day, range) => readList(client, table, dayList, day, range),
    undelivered: (account, range) => readList(client, table, undeliveredList, account, range),

    findStates: async (ids) =>
      (await findParts(ids, [parts.state])).flatMap((row) => toTaskState(row) ?? []),

    findRequests: async (ids) => {
      const rows = await findParts(ids, [parts.request]);
      return new Map(rows.map((row) => [String(row['id']), toTaskRequest(row)]));
    },

    findLastAttempts: async (tasks) => {
      const rows = await findRows(
        client,
        table,
        tasks.flatMap(({ id, callbackAttempts = 0 }) =>
          callbackAttempts > 0 ? [partKey(id, parts.attempt(callbackAttempts))] : [],
        ),
      );
      return new Map(
        rows.flatMap((row) => toAttempts([row]).map((one) => [String(row['id']), one] as const)),
      );
    },

    findAll: async (ids) => {
      const rows = await findParts(ids, [parts.request, parts.state]);
      const byId = Map.groupBy(rows, (row) => String(row['id']));
      return [...byId.values()].flatMap((own) => toTask(own) ?? []);
    },
  };
};

/** An index that lists tasks by time and then by id, in several partitions. */
type List = { readonly index: string; readonly partition: string; readonly sort: string };

const accountList: List = {
  index: indexNames.tasksByAccount,
  ...indexKeys.tasksByAccount,
};
const dayList: List = {
  index: indexNames.tasksByDay,
  ...indexKeys.tasksByDay,
};
const undeliveredList: List = {
  index: indexNames.undeliveredCallbacks,
  ...indexKeys.undeliveredCallbacks,
};

async function readList(
  client: DynamoDBClient,
  table: string,
  list: List,
  of: string,
  { limit, after, from = 0, to = Number.MAX_SAFE_INTEGER }: ListRange,
): Promise<readonly CursorKey[]> {
  const before = after && after.createdAt <= to ? listPosition(after) : endOfTime(to);
  const shards = await Promise.all(
    listShardsOf(of).map((shard) => readShard(client, table, list, { shard, before, limit })),
  );
  return shards
    .flat()
    .sort()
    .reverse()
    .slice(0, limit)
    .map(parseListPosition)
    .filter(({ createdAt }) => createdAt >= from);
}

type ShardRange = { readonly shard: string; readonly before: string; readonly limit: number };

/**
 * The newest positions of one shard before this one; as many as the whole page may have, because all may be in this
 * shard.
 */
async function readShard(
  client: DynamoDBClient,
  table: string,
  list: List,
  { shard, before, limit }: ShardRange,
): Promise<readonly string[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: list.index,
      ...withPlaceholders(
        { KeyConditionExpression: `#${list.partition} = :shard AND #${list.sort} < :before` },
        { shard, before },
      ),
      ScanIndexForward: false,
      Limit: limit,
    }),
  );
  return Items.map((item) => String(unmarshall(item)[list.sort]));
}
