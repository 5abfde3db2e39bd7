import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type Transfer, withdrawFrom } from '../../../domain/billing/shards.ts';
import type { BudgetName } from '../../../domain/model/account.ts';
import type { KeyOf } from '../../../domain/model/storage-names.ts';
import { findRowsOf, type Row, type RowAddress } from './rows.ts';
import { updateExpression } from './update.ts';

// The rows of shards: of an account, of its keys, and of the days of those keys. A task uses the same number of shard in
// all of them, so that two tasks of a key share all these rows or none.
//
// In every row `granted = balance + reserved + used`. In a row of a key `granted` is a part of its limit, and `balance` is
// what is left of it; the balance of a key without a limit is negative. `changes` counts the writes of a row.
//
// A lowered limit may leave one shard with a debt while others still have something left. Then a task must not spend it
// before the debt is paid. So a row of a key's limit has the `revision` of the key at which all rows were read and none had a
// debt. Only at that revision a task takes from the row without a read.

/** The key of an account's own row. */
export const accountKey = (account: string) =>
  ({ account, entry: 'account' }) satisfies KeyOf<'Accounts'>;

/** The partition of one shard of an account: of its row, and of its entries. */
export const shardPartition = (account: string, shard: number): string => `${account}#${shard}`;

/** The account and the shard of such a partition. No name of an account contains `#`. */
export function parseShardPartition(partition: string) {
  const [account = '', shard] = partition.split('#');
  return { account, shard: Number(shard) };
}

/** Whether a row of the table of accounts is that of a shard. */
export const isShard = ({ entry }: Row): boolean => entry === shardEntry;

const shardEntry = 'shard';

export const accountShardKey = (account: string, shard: number) =>
  ({ account: shardPartition(account, shard), entry: shardEntry }) satisfies KeyOf<'Accounts'>;

export const keyShardKey = (keyId: string, shard: number) =>
  ({ keyId: `${keyId}#${shard}` }) satisfies KeyOf<'Keys'>;

export const dayShardKey = (keyId: string, day: string, shard: number) =>
  ({ keyId: `${keyId}#${day}#${shard}` }) satisfies KeyOf<'Keys'>;

/** The revision of a key that was never changed. */
export const firstRevision = 0;

export type ShardTables = { readonly accounts: string; readonly keys?: string | undefined };

/** Whose rows to read: those of an account, the row of a key and, as far as the key has these limits, their shards. */
export type ShardOwner = {
  readonly account: string;
  readonly keyId?: string | undefined;
  readonly hasTotalLimit?: boolean;
  /** The day, if the key has a daily limit. */
  readonly limitedOn?: string | undefined;
};

/** The rows of an owner. A shard without a row has an empty one here. */
export type ShardRows = {
  readonly account: Row;
  readonly key: Row | undefined;
  readonly shards: readonly Row[];
  readonly keyShards: readonly Row[];
  readonly dayShards: readonly Row[];
};

/**
 * Reads the rows of an owner, one after the other: others may write in between. `count` is how many shards the account
 * probably has. Returns undefined when there is no such account.
 */
export async function readShards(
  client: DynamoDBClient,
  tables: ShardTables,
  owner: ShardOwner,
  count = 1,
): Promise<ShardRows | undefined> {
  const rows = await readRows(client, tables, owner, count);
  if (!rows) return undefined;
  const { shards = 1 } = rows.account;
  return shards === count ? rows : readShards(client, tables, owner, shards);
}

/** How often the rows are read until nobody has changed them between two reads. */
const maxReads = 12;

/**
 * Reads the rows of an owner as they were at one moment: two reads in a row were the same. 'busy' when the rows changed
 * between all reads.
 */
export async function readShardsAtOnce(
  client: DynamoDBClient,
  tables: ShardTables,
  owner: ShardOwner,
): Promise<ShardRows | 'busy' | undefined> {
  let before = await readShards(client, tables, owner);
  for (let reads = 1; reads < maxReads; reads += 1) {
    if (!before) return undefined;
    const rows: ShardRows | undefined = await readShards(
      client,
      tables,
      owner,
      before.shards.length,
    );
    if (rows && isSame(rows, before)) return rows;
    before = rows;
  }
  return 'busy';
}

/** The rows of shards, by what they are shards of. */
type ShardLists = Pick<ShardRows, 'shards' | 'keyShards' | 'dayShards'>;

const allLists: readonly (keyof ShardLists)[] = ['shards', 'keyShards', 'dayShards'];

/** `changes` counts every write of a row, `additions` those that increase its balance, or what is left of its budget. */
type Counter = 'changes' | 'additions';

/** Which rows are compared, and by which of their counters; by default all rows, and every write. */
export type Compared = { readonly lists?: typeof allLists; readonly counter?: Counter };

/** Whether nobody has changed the key, or a row in these lists, between two reads. */
export const isSame = (
  one: ShardRows,
  other: ShardRows,
  { lists = allLists, counter = 'changes' }: Compared = {},
): boolean => versionOf(one, lists, counter) === versionOf(other, lists, counter);

const versionOf = (rows: ShardRows, lists: typeof allLists, counter: Counter): string =>
  JSON.stringify([
    rows.account['shards'],
    rows.key?.['revision'],
    lists.map((name) => valuesOf(rows[name], counter)),
  ]);

async function readRows(
  client: DynamoDBClient,
  { accounts, keys = '' }: ShardTables,
  { account, keyId, hasTotalLimit, limitedOn }: ShardOwner,
  count: number,
): Promise<ShardRows | undefined> {
  const all = Array.from({ length: count }, (_, shard) => shard);
  const ofAccount = all.map((shard) => accountShardKey(account, shard));
  const own = keyId === undefined ? [] : [{ keyId }];
  const ofKey = (hasTotalLimit ? own : []).flatMap((key) =>
    all.map((shard) => keyShardKey(key.keyId, shard)),
  );
  const ofDay = (limitedOn === undefined ? [] : own).flatMap((key) =>
    all.map((shard) => dayShardKey(key.keyId, limitedOn ?? '', shard)),
  );
  const found = await findRowsOf(client, [
    ...addresses(accounts, [accountKey(account), ...ofAccount]),
    ...addresses(keys, [...own, ...ofKey, ...ofDay]),
  ]);
  const accountRows = byName(found.get(accounts), 'account');
  const keyRows = byName(found.get(keys), 'keyId');
  const accountRow = accountRows.get(account);
  return (
    accountRow && {
      account: accountRow,
      key: keyRows.get(keyId ?? ''),
      shards: ofAccount.map((key) => accountRows.get(key.account) ?? {}),
      keyShards: ofKey.map((key) => keyRows.get(key.keyId) ?? {}),
      dayShards: ofDay.map((key) => keyRows.get(key.keyId) ?? {}),
    }
  );
}

const addresses = (table: string, keys: readonly Row[]): readonly RowAddress[] =>
  keys.map((key) => ({ table, key }));

const byName = (rows: readonly Row[] = [], name: string): ReadonlyMap<string, Row> =>
  new Map(rows.map((row) => [row[name], row]));

/** An attribute of every row, 0 where it is missing. */
export const valuesOf = (rows: readonly Row[], name: string): readonly number[] =>
  rows.map((row) => row[name] ?? 0);

export const sumOf = (rows: readonly Row[], name: string): number =>
  valuesOf(rows, name).reduce((total, value) => total + value, 0);

/** What is added to the attributes of a shard. */
export type ShardChange = {
  readonly granted?: number;
  readonly balance?: number;
  readonly reserved?: number;
  readonly used?: number;
  readonly inFlight?: number;
  readonly inFlightLeft?: number;
} & { readonly [name in BudgetName]?: number };

/** Changes of shards, each with the number of its shard, which may occur several times. */
export type ShardChanges = readonly (readonly [shard: number, change: ShardChange])[];

/** The changes that move an amount from shards to shards. */
export const transferChanges = (transfers: readonly Transfer[] = []): ShardChanges =>
  transfers.flatMap(({ from, to, size }) => [
    [from, { granted: -size, balance: -size }] as const,
    [to, { granted: size, balance: size }] as const,
  ]);

/** The changes that move the right to have tasks open. */
export const openTaskTransferChanges = (transfers: readonly Transfer[] = []): ShardChanges =>
  transfers.flatMap(({ from, to, size }) => [
    [from, { inFlightLeft: -size }] as const,
    [to, { inFlightLeft: size }] as const,
  ]);

/** The changes that move what is left of a budget. */
export const budgetTransferChanges = (
  name: BudgetName,
  transfers: readonly Transfer[] = [],
): ShardChanges =>
  transfers.flatMap(({ from, to, size }) => [
    [from, { [name]: -size }] as const,
    [to, { [name]: size }] as const,
  ]);

/** Where the shards to be changed are. */
type ShardRowsOf = {
  readonly table: string;
  readonly keyOf: (shard: number) => Row;
  /** From these no more is taken than they have; otherwise the transaction is refused. */
  readonly guarded: readonly (keyof ShardChange)[];
  /** What a new row gets beside its amounts. */
  readonly initial?: Row;
  /** For the row of one shard: the values that it gets with the write, and those that it must have. */
  readonly onShard?: { readonly shard: number; readonly set?: Row; readonly mustBe?: Row };
};

/** The conditions about an attribute of a shard, by its name. */
const shardConditions = {
  /** No more is taken than there is. */
  hasEnough: (name: string) => `#${name} >= :${name}Taken`,
  /** Nobody has changed it since it was read. */
  isAsExpected: (name: string) => `#${name} = :${name}Expected`,
};

/** Adds to the attributes of shards, one action for each shard. Nothing has to be read for it. */
export function shardActions(
  what: string,
  { table, keyOf, guarded, initial = {}, onShard }: ShardRowsOf,
  changes: ShardChanges,
): Readonly<Record<string, TransactWriteItem>> {
  const byShard = new Map<number, Row>();
  for (const [shard, change] of changes) {
    const sums = byShard.get(shard) ?? {};
    for (const [name, size] of Object.entries(change)) sums[name] = (sums[name] ?? 0) + size;
    byShard.set(shard, sums);
  }
  const actions = [...byShard].flatMap(([shard, sums]) => {
    const add = Object.fromEntries(Object.entries(sums).filter(([, size]) => size !== 0));
    if (Object.keys(add).length === 0) return [];
    const taken = guarded.filter((name) => add[name] < 0);
    const { set = {}, mustBe = {} } = onShard?.shard === shard ? onShard : {};
    const Update = {
      TableName: table,
      Key: marshall(keyOf(shard)),
      ...updateExpression({
        add: { ...add, changes: 1, ...(isAddition(add) && { additions: 1 }) },
        set,
        setOnce: initial,
        conditions: [
          ...taken.map(shardConditions.hasEnough),
          ...Object.keys(mustBe).map(shardConditions.isAsExpected),
        ],
        values: Object.fromEntries([
          ...taken.map((name) => [`${name}Taken`, -add[name]]),
          ...Object.entries(mustBe).map(([name, value]) => [`${name}Expected`, value]),
        ]),
      }),
    };
    return [[`${what} ${shard}`, { Update }]];
  });
  return Object.fromEntries(actions);
}

const isAddition = (add: Row): boolean =>
  Object.entries(add).some(
    ([name, size]) => size > 0 && (name === 'balance' || name.startsWith('budget')),
  );

/**
 * A change of a limit: what is left in each shard, by how much the limit grows, and how a size becomes a change of a
 * shard.
 */
type LimitChange = {
  readonly left: readonly number[];
  readonly difference: number;
  readonly changeOf: (size: number) => ShardChange;
};

/**
 * Changes a limit that lies in shards. The difference is added to the first shard, or taken from where the most is left.
 * If more is spent than the new limit, the first shard gets a debt: only then more is taken from it than it has.
 */
export function limitActions(
  what: string,
  rows: ShardRowsOf,
  { left, difference, changeOf }: LimitChange,
): Readonly<Record<string, TransactWriteItem>> {
  const [first = 0, ...others] =
    difference < 0 ? withdrawFrom(left, -difference).map((size) => -size) : [difference];
  const owes = -first > Math.max(0, left[0] ?? 0);
  return {
    ...shardActions(what, owes ? { ...rows, guarded: [] } : rows, [[0, changeOf(first)]]),
    ...shardActions(
      what,
      rows,
      others.map((size, index) => [index + 1, changeOf(size)] as const),
    ),
  };
}
