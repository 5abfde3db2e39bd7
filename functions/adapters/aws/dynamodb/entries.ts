import {
  type DynamoDBClient,
  QueryCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Entry, EntryCursor, Statement } from '../../../domain/model/account.ts';
import type { KeyOf } from '../../../domain/model/storage-names.ts';
import { withPlaceholders } from './expressions.ts';
import type { Row } from './rows.ts';
import { isSame, readShards, type ShardRows, shardPartition, sumOf } from './shards.ts';

// The entries of a ledger lie beside the shards that they are about, so that they are spread as the shards are. Their ids
// begin with their times, so a list can merge those of all shards.

const prefix = 'entry#';

/** Where an entry is: it belongs to one shard of its account. */
export type EntryPlace = { readonly account: string; readonly shard: number };

export const entryKey = ({ account, shard }: EntryPlace, id: string) =>
  ({
    account: shardPartition(account, shard),
    entry: `${prefix}${id}`,
  }) satisfies KeyOf<'Accounts'>;

/** Whether a row of the table of accounts is an entry. */
export const isEntry = ({ entry }: Row): boolean => String(entry).startsWith(prefix);

const isNew = 'attribute_not_exists(#account)';

/** Adds an entry, in the transaction that moves the money. */
export const addEntry = (table: string, place: EntryPlace, entry: Entry): TransactWriteItem => ({
  Put: {
    TableName: table,
    Item: marshall({ ...entry, ...entryKey(place, entry.id) }, { removeUndefinedValues: true }),
    ...withPlaceholders({ ConditionExpression: isNew }),
  },
});

// Only this folder writes rows, so what is read has the shape that was written.
export const toEntry = (row: Row): Entry => ({
  id: row['id'],
  kind: row['kind'],
  at: row['at'],
  amount: row['amount'],
  charged: row['charged'],
  taskId: row['taskId'],
  keyId: row['keyId'],
  note: row['note'],
});

/** How often the entries are read until the account does not change in between. */
const maxReads = 5;

type Options = { readonly limit: number; readonly before?: EntryCursor | undefined };

/** The entries of an account, the newest first. */
export async function listEntries(
  client: DynamoDBClient,
  table: string,
  account: string,
  options: Options,
): Promise<Statement> {
  let rows = await readShards(client, { accounts: table }, { account });
  if (!rows) return { entries: [] };
  if (options.before) {
    return statementOf(await newestOf(client, table, rows, options), options.before.balance);
  }
  let page = await newestOf(client, table, rows, options);
  for (let reads = 1; reads < maxReads; reads += 1) {
    const after: ShardRows | undefined = await readShards(
      client,
      { accounts: table },
      { account },
      rows.shards.length,
    );
    if (after && isSame(rows, after)) return statementOf(page, sumOf(rows.shards, 'balance'));
    rows = after ?? rows;
    page = await newestOf(client, table, rows, options);
  }
  return statementOf(page, undefined);
}

type Page = { readonly entries: readonly Entry[]; readonly hasMore: boolean };

async function newestOf(
  client: DynamoDBClient,
  table: string,
  { account: { account }, shards }: ShardRows,
  { limit, before }: Options,
): Promise<Page> {
  const pages = await Promise.all(
    shards.map(async (_, shard) => {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          ...withPlaceholders(
            { KeyConditionExpression: '#account = :account AND begins_with(#entry, :prefix)' },
            { account: shardPartition(account, shard), prefix },
          ),
          ...(before && { ExclusiveStartKey: marshall(entryKey({ account, shard }, before.id)) }),
          ScanIndexForward: false,
          ConsistentRead: true,
          Limit: limit,
        }),
      );
      return { entries: Items.map((item) => toEntry(unmarshall(item))), more: LastEvaluatedKey };
    }),
  );
  const all = pages
    .flatMap(({ entries }) => entries)
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit + 1);
  const hasMore = all.length > limit || pages.some(({ more }) => more !== undefined);
  return { entries: all.slice(0, limit), hasMore };
}

/** The entries with the balance after each of them, computed backwards from the balance after the newest. */
function statementOf({ entries, hasMore }: Page, newest: number | undefined): Statement {
  let balance = newest;
  const withBalances = entries.map((entry) => {
    const after = balance;
    balance = after === undefined ? undefined : after - entry.amount;
    return { ...entry, balance: after };
  });
  const last = entries.at(-1);
  return { entries: withBalances, next: hasMore && last ? { id: last.id, balance } : undefined };
}
