import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Keys } from '../../../domain/accounts/authenticate.ts';
import { divide, typicalTaskPrice } from '../../../domain/billing/shards.ts';
import {
  type ApiKey,
  type ApiKeys,
  type ChangedMeanwhile,
  dayIn,
  type KeyChange,
  keyIdOf,
  type Spending,
} from '../../../domain/model/api-key.ts';
import type { AuditEntry } from '../../../domain/model/audit.ts';
import type { Clock } from '../../../domain/model/clock.ts';
import { accountIn } from '../../../domain/model/mode.ts';
import { indexKeys, indexNames, type KeyOf } from '../../../domain/model/storage-names.ts';
import { accountProfiles } from './account-table.ts';
import { putAuditEntry, updateWithEntry } from './audit-table.ts';
import { withPlaceholders } from './expressions.ts';
import { findRows, type Row, readRow } from './rows.ts';
import {
  accountKey,
  dayShardKey,
  firstRevision,
  keyShardKey,
  type ShardChanges,
  shardActions,
  sumOf,
} from './shards.ts';
import { untilResult, writeAll } from './transaction.ts';
import { update, updateExpression } from './update.ts';

const conditions = {
  exists: 'attribute_exists(#keyId)',
  isNew: 'attribute_not_exists(#keyId)',
  notDeleted: 'attribute_not_exists(#deletedAt)',
  neverChanged: 'attribute_not_exists(#revision)',
  unchanged: '#revision = :revisionBefore',
};

type Tables = {
  readonly keys: string;
  readonly accounts: string;
  /** The table of the audit entries, if changes of keys have them. */
  readonly audit?: string | undefined;
};
type Context = { readonly client: DynamoDBClient; readonly tables: Tables; readonly now: Clock };

/** The API keys in DynamoDB. A deleted key leaves its row: the ledger still settles the tasks created with it. */
export function keyTable(client: DynamoDBClient, tables: Tables, now: Clock): ApiKeys {
  const context: Context = { client, tables, now };
  return {
    add: (key, entry) => addKey(context, key, entry),
    find: (keyId) => findKey(client, tables.keys, keyId),
    names: async (keyIds) => {
      const rows = await findRows(
        client,
        tables.keys,
        keyIds.map((keyId) => ({ keyId })),
      );
      return new Map(rows.map((row) => [String(row['keyId']), String(row['name'])]));
    },
    spending: (keys) => spendingOf(context, keys),
    list: (account, options) => listKeys(client, tables.keys, account, options),
    change: (keyId, change, since, entry) => changeKey(context, keyId, change, { since, entry }),
    remove: async (keyId, since, entry) => {
      const deleted = await changeRow(context, keyId, { deletedAt: now() }, { since, entry });
      return typeof deleted === 'object' ? true : (deleted ?? false);
    },
  };
}

/** Adds a key; its limit is divided among the shards that its account has. */
async function addKey(
  { client, tables }: Context,
  key: ApiKey,
  entry: AuditEntry | undefined,
): Promise<void> {
  const { keyId, totalLimit = 0 } = key;
  const row = totalLimit > 0 ? await readRow(client, tables.accounts, accountRowOf(key)) : {};
  const parts = divide(totalLimit, typicalTaskPrice, row?.['shards'] ?? 1);
  const added = await untilResult(async () => {
    const outcome = await writeAll(client, {
      key: {
        Put: {
          TableName: tables.keys,
          Item: marshall(key, { removeUndefinedValues: true }),
          ...withPlaceholders({ ConditionExpression: conditions.isNew }),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      },
      ...shardActions(
        'key',
        { ...shardsOfKey(tables, keyId), initial: { revision: firstRevision } },
        partsOf(parts),
      ),
      entry: putAuditEntry(tables.audit, entry),
    });
    if (outcome.state === 'written') return true;
    const existing = outcome.failed.get('key');
    // The same hash: an earlier attempt of this call has added it, and its response was lost. Keys are never overwritten.
    return existing && existing['hash'] === key.hash;
  });
  if (!added) throw new Error(`there is a key ${keyId} already`);
}

/** The row of the account that a key spends from. */
const accountRowOf = ({ mode, account }: ApiKey) => accountKey(accountIn(mode, account));

const shardsOfKey = ({ keys }: Tables, keyId: string) => ({
  table: keys,
  keyOf: (shard: number) => keyShardKey(keyId, shard),
  guarded: ['balance'] as const,
});

const partsOf = (parts: readonly number[]): ShardChanges =>
  parts.map((size, shard) => [shard, { granted: size, balance: size }]);

/** The key as it was read before a change, and the entry about the change. */
type ChangeOptions = {
  readonly since: ApiKey | undefined;
  readonly entry: AuditEntry | undefined;
};

/** The row after the change, and `undefined` when there is none. */
async function changeRow(
  { client, tables }: Context,
  keyId: string,
  set: Row,
  { since, entry }: ChangeOptions,
): Promise<Row | ChangedMeanwhile | undefined> {
  const change = {
    TableName: tables.keys,
    Key: marshall({ keyId } satisfies KeyOf<'Keys'>),
    ...changeExpression(set, since),
  };
  const { done, row } = entry
    ? await updateWithEntry(client, tables.audit, change, entry)
    : await update(client, change);
  if (done) return row ?? readRow(client, tables.keys, { keyId } satisfies KeyOf<'Keys'>);
  return row && toKey(row) ? 'changed_meanwhile' : undefined;
}

const changeExpression = (set: Row, since: ApiKey | undefined) =>
  updateExpression({
    set,
    add: { revision: 1 },
    conditions: [conditions.exists, conditions.notDeleted, ...unchangedSince(since)],
    values: { revisionBefore: since?.revision },
  });

function unchangedSince(since: ApiKey | undefined): readonly string[] {
  if (!since) return [];
  return [since.revision === undefined ? conditions.neverChanged : conditions.unchanged];
}

async function changeKey(
  context: Context,
  keyId: string,
  change: KeyChange,
  { since, entry }: ChangeOptions,
): Promise<ApiKey | ChangedMeanwhile | undefined> {
  if (change.totalLimit === undefined) {
    const changed = await changeRow(context, keyId, change, { since, entry });
    return typeof changed === 'object' ? toKey(changed) : changed;
  }
  const result = await untilResult(async () => {
    const key = await findKey(context.client, context.tables.keys, keyId);
    if (!key) return { key };
    if (since && since.revision !== key.revision) return { key: 'changed_meanwhile' } as const;
    const isChanged = await changeTotalLimit(context, key, change, entry);
    return isChanged
      ? { key: await findKey(context.client, context.tables.keys, keyId) }
      : undefined;
  });
  return result ? result.key : 'changed_meanwhile';
}

/**
 * The total limit lies in shards, so it changes in one transaction with the key, and only if nobody else has changed the
 * key. The first shard gets the difference. If that is a debt, the other shards pay it when the next task is created. The
 * current day gets its new limit then, too.
 */
async function changeTotalLimit(
  { client, tables }: Context,
  before: ApiKey,
  change: KeyChange,
  entry: AuditEntry | undefined,
): Promise<boolean> {
  const { keyId } = before;
  const { totalLimit } = change;
  const outcome = await writeAll(client, {
    key: {
      Update: {
        TableName: tables.keys,
        Key: marshall({ keyId } satisfies KeyOf<'Keys'>),
        ...changeExpression(change, before),
      },
    },
    ...shardActions(
      'key',
      { ...shardsOfKey(tables, keyId), guarded: [] },
      partsOf([(totalLimit ?? 0) - (before.totalLimit ?? 0)]),
    ),
    entry: putAuditEntry(tables.audit, entry),
  });
  return outcome.state === 'written';
}

/** What was spent through keys of one account, in either mode, in all their shards. */
async function spendingOf(
  { client, tables, now }: Context,
  keys: readonly ApiKey[],
): Promise<ReadonlyMap<string, Spending>> {
  const shardsOf = await shardsOfAccounts(client, tables.accounts, keys);
  const dayOf = ({ timeZone }: ApiKey) => dayIn(timeZone, now());
  const found = await findRows(
    client,
    tables.keys,
    keys.flatMap((key) => [
      ...shardsOf(key).map((shard) => keyShardKey(key.keyId, shard)),
      ...(key.dailyLimit === undefined
        ? []
        : shardsOf(key).map((shard) => dayShardKey(key.keyId, dayOf(key), shard))),
    ]),
  );
  const byId = new Map(found.map((one) => [one['keyId'], one]));
  return new Map(
    keys.map((key) => {
      const rows = shardsOf(key).map(
        (shard) => byId.get(keyShardKey(key.keyId, shard).keyId) ?? {},
      );
      const days = shardsOf(key).map(
        (shard) => byId.get(dayShardKey(key.keyId, dayOf(key), shard).keyId) ?? {},
      );
      const spending: Spending = {
        reserved: sumOf(rows, 'reserved'),
        used: sumOf(rows, 'used'),
        ...(key.dailyLimit !== undefined && {
          today: sumOf(days, 'granted') - sumOf(days, 'balance'),
        }),
      };
      return [key.keyId, spending];
    }),
  );
}

/** The numbers of the shards of the account, live or test, that each of these keys spends from. */
async function shardsOfAccounts(client: DynamoDBClient, table: string, keys: readonly ApiKey[]) {
  const names = new Set(keys.map((key) => accountRowOf(key).account));
  const rows = await Promise.all(
    [...names].map((name) => readRow(client, table, accountKey(name))),
  );
  const counts = new Map(rows.map((row) => [row?.['account'], Number(row?.['shards'] ?? 0)]));
  return (key: ApiKey): readonly number[] =>
    Array.from({ length: counts.get(accountRowOf(key).account) ?? 0 }, (_, shard) => shard);
}

/** The key in a row, or undefined when it was deleted. */
export const toKey = ({ deletedAt, ...row }: Row): ApiKey | undefined =>
  deletedAt === undefined ? (row as ApiKey) : undefined;

/** The key with this id as it is now. */
async function findKey(
  client: DynamoDBClient,
  table: string,
  keyId: string,
): Promise<ApiKey | undefined> {
  const row = await readRow(client, table, { keyId });
  return row && toKey(row);
}

/** The API keys by their ids, for code that needs nothing else of them. */
export const keysById = (client: DynamoDBClient, table: string): Pick<ApiKeys, 'find'> => ({
  find: (keyId) => findKey(client, table, keyId),
});

/** The API keys that authenticate callers, each with its account. A key is found by its whole hash, not by its id. */
export const knownKeys = (client: DynamoDBClient, { keys, accounts }: Tables): Keys => ({
  find: async (hash) => {
    const key = await findKey(client, keys, keyIdOf(hash));
    if (key?.hash !== hash) return undefined;
    const account = accountIn(key.mode, key.account);
    return { key, account: await accountProfiles(client, accounts)(account) };
  },
});

// The index says which keys there are; the keys themselves are read from the table. Deleted keys are read and
// left out, so a page may be short; its cursor still continues the list.
async function listKeys(
  client: DynamoDBClient,
  table: string,
  account: string,
  { limit, after }: Parameters<ApiKeys['list']>[1],
): ReturnType<ApiKeys['list']> {
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: indexNames.keysByAccount,
      ...withPlaceholders(
        { KeyConditionExpression: `#${indexKeys.keysByAccount.partition} = :account` },
        { account },
      ),
      ...(after && {
        ExclusiveStartKey: marshall({ account, createdAt: after.createdAt, keyId: after.id }),
      }),
      ScanIndexForward: false,
      Limit: limit,
    }),
  );
  const ids = Items.map((item) => String(unmarshall(item)['keyId']));
  const keys = ids.map((keyId) => ({ keyId }));
  const byId = new Map(
    (await findRows(client, table, keys)).map((row) => [row['keyId'], toKey(row)]),
  );
  const last = LastEvaluatedKey && unmarshall(LastEvaluatedKey);
  return {
    keys: ids.flatMap((keyId) => byId.get(keyId) ?? []),
    next: last && { id: last['keyId'], createdAt: last['createdAt'] },
  };
}
