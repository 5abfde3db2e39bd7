import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Keys } from '../../../domain/accounts/authenticate.ts';
import {
  type ApiKey,
  type ApiKeys,
  type ChangedMeanwhile,
  keyIdOf,
} from '../../../domain/model/api-key.ts';
import type { Clock } from '../../../domain/model/clock.ts';
import { indexNames } from '../../../domain/model/storage-names.ts';
import { accountKey, toAccount } from './account-table.ts';
import { withPlaceholders } from './expressions.ts';
import { findRows, type Row, readRow } from './rows.ts';
import { put, update, updateExpression } from './update.ts';

const conditions = {
  exists: 'attribute_exists(#keyId)',
  isNew: 'attribute_not_exists(#keyId)',
  notDeleted: 'attribute_not_exists(#deletedAt)',
  neverChanged: 'attribute_not_exists(#revision)',
  unchanged: '#revision = :revisionBefore',
};

/** The API keys in DynamoDB. A deleted key leaves its row: the ledger still settles the tasks created with it. */
export function keyTable(client: DynamoDBClient, table: string, now: Clock): ApiKeys {
  /** The key after the change, and `undefined` when there is none. */
  const changeRow = async (
    keyId: string,
    set: Row,
    since: ApiKey | undefined,
  ): Promise<Row | ChangedMeanwhile | undefined> => {
    const { done, row } = await update(client, {
      TableName: table,
      Key: marshall({ keyId }),
      ...updateExpression({
        set,
        add: { revision: 1 },
        conditions: [conditions.exists, conditions.notDeleted, ...unchangedSince(since)],
        values: { revisionBefore: since?.revision },
      }),
    });
    if (done) return row;
    return row && toKey(row) ? 'changed_meanwhile' : undefined;
  };

  return {
    add: async (key) => {
      const { row: existing } = await put(client, {
        TableName: table,
        Item: marshall(key, { removeUndefinedValues: true }),
        ...withPlaceholders({ ConditionExpression: conditions.isNew }),
      });
      // The same hash: this very key, whose response was lost. An existing key is never overwritten.
      if (existing === undefined || existing['hash'] === key.hash) return;
      throw new Error(`there is a key ${key.keyId} already`);
    },
    find: (keyId) => findKey(client, table, keyId),
    list: (account, options) => listKeys(client, table, account, options),
    change: async (keyId, change, since) => {
      const changed = await changeRow(keyId, change, since);
      return typeof changed === 'object' ? toKey(changed) : changed;
    },
    remove: async (keyId, since) => {
      const deleted = await changeRow(keyId, { deletedAt: now() }, since);
      return typeof deleted === 'object' ? true : (deleted ?? false);
    },
  };
}

function unchangedSince(since: ApiKey | undefined): readonly string[] {
  if (!since) return [];
  return [since.revision === undefined ? conditions.neverChanged : conditions.unchanged];
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

/** The API keys that authenticate callers, each with its account. A key is found by its whole hash, not by its id. */
export const knownKeys = (
  client: DynamoDBClient,
  { keys, accounts }: { readonly keys: string; readonly accounts: string },
): Keys => ({
  find: async (hash) => {
    const key = await findKey(client, keys, keyIdOf(hash));
    if (key?.hash !== hash) return undefined;
    const row = await readRow(client, accounts, accountKey(key.account));
    if (!row) throw new Error(`the account ${key.account} does not exist`);
    return { key, account: toAccount(row) };
  },
});

// The index says which keys there are; the keys themselves are read from the table. Deleted keys are read and
// left out, so a page may be short; its cursor continues all the same.
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
      ...withPlaceholders({ KeyConditionExpression: '#account = :account' }, { account }),
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
