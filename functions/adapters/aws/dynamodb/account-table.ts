import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import {
  type Account,
  type Accounts,
  type Entry,
  noFunds,
  type WebhookSecrets,
} from '../../../domain/model/account.ts';
import { indexNames } from '../../../domain/model/storage-names.ts';
import { allOf, withPlaceholders } from './expressions.ts';
import { findRows, type Row, readRow } from './rows.ts';
import { put, update, updateExpression } from './update.ts';

/** The key of an account's own row. Its ledger entries have the same partition key. */
export const accountKey = (account: string) => ({ account, entry: 'account' });

const entryPrefix = 'entry#';

/** The key of a ledger entry: by its number, with leading zeros, so that the entries are sorted by number. */
export const entryKey = (account: string, number: number) => ({
  account,
  entry: `${entryPrefix}${String(number).padStart(12, '0')}`,
});

/** Only an account's own row has this attribute, so the index of accounts has no ledger entries in it. */
const listed = 'account';

const conditions = {
  exists: 'attribute_exists(#account)',
  isNew: 'attribute_not_exists(#account)',
  /** The SDK retries a write whose response was lost. Rotated twice, the previous secret would be lost. */
  secretIsNew: '#webhookSecret <> :webhookSecret',
};

/** The accounts in DynamoDB. */
export const accountTable = (client: DynamoDBClient, table: string): Accounts => ({
  add: async (account) => {
    const { row: existing } = await put(client, {
      TableName: table,
      Item: marshall(
        { ...account, ...accountKey(account.account), ...noFunds, listed },
        { removeUndefinedValues: true },
      ),
      ...withPlaceholders({ ConditionExpression: conditions.isNew }),
    });
    // The same secret: this very account, whose response was lost. An existing account is never overwritten.
    return existing === undefined || existing['webhookSecret'] === account.webhookSecret;
  },

  find: async (account) => {
    const row = await readRow(client, table, accountKey(account));
    return row && toAccount(row);
  },

  list: (options) => listAccounts(client, table, options),

  change: async (account, { userGroup, limits = {} }) => {
    const { done, row } = await update(client, {
      TableName: table,
      Key: marshall(accountKey(account)),
      ...updateExpression({
        set: {
          userGroup,
          'limits.requestsPerMinute': limits.requestsPerMinute,
          'limits.tasksInFlight': limits.tasksInFlight,
        },
        conditions: [conditions.exists],
      }),
    });
    return done && row ? toAccount(row) : undefined;
  },

  entries: (account, options) => listEntries(client, table, account, options),

  secrets: async (account) => {
    const row = await readRow(client, table, accountKey(account));
    return row && webhookSecretsIn(row);
  },

  rotateSecret: async (account, webhookSecret, previousSecretUntil) => {
    const { row } = await update(client, {
      TableName: table,
      Key: marshall(accountKey(account)),
      ...withPlaceholders(
        {
          UpdateExpression:
            'SET #previousSecret = #webhookSecret, #previousSecretUntil = :until, #webhookSecret = :webhookSecret',
          ConditionExpression: allOf([conditions.exists, conditions.secretIsNew]),
        },
        { webhookSecret, until: previousSecretUntil },
      ),
    });
    return row !== undefined;
  },
});

// Only this folder writes rows, so what is read has the shape that was written.
export const toAccount = (row: Row): Account => ({
  account: row['account'],
  userGroup: row['userGroup'],
  limits: row['limits'],
  createdAt: row['createdAt'],
  granted: row['granted'],
  balance: row['balance'],
  reserved: row['reserved'],
  used: row['used'],
  inFlight: row['inFlight'],
  entries: row['entries'],
});

const webhookSecretsIn = ({
  webhookSecret,
  previousSecret,
  previousSecretUntil,
}: Row): WebhookSecrets => ({
  newest: webhookSecret,
  ...(previousSecret && { previous: { secret: previousSecret, until: previousSecretUntil } }),
});

export const toEntryItem = (account: string, entry: Entry) =>
  marshall({ ...entry, ...entryKey(account, entry.number) }, { removeUndefinedValues: true });

export const toEntry = (row: Row): Entry => ({
  number: row['number'],
  kind: row['kind'],
  at: row['at'],
  amount: row['amount'],
  balance: row['balance'],
  charged: row['charged'],
  taskId: row['taskId'],
  keyId: row['keyId'],
  note: row['note'],
});

// Accounts by name. The index says which accounts there are; their funds are read from the table.
async function listAccounts(
  client: DynamoDBClient,
  table: string,
  { limit, after }: Parameters<Accounts['list']>[0],
): ReturnType<Accounts['list']> {
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: indexNames.accountsByName,
      ...withPlaceholders({ KeyConditionExpression: '#listed = :listed' }, { listed }),
      ...(after && { ExclusiveStartKey: marshall({ listed, ...accountKey(after) }) }),
      Limit: limit,
    }),
  );
  const names = Items.map((item) => String(unmarshall(item)['account']));
  const rows = await findRows(client, table, names.map(accountKey));
  const byName = new Map(rows.map((row) => [row['account'], toAccount(row)]));
  return {
    accounts: names.flatMap((name) => byName.get(name) ?? []),
    next: LastEvaluatedKey && names.at(-1),
  };
}

// The entries of a ledger, the newest first.
async function listEntries(
  client: DynamoDBClient,
  table: string,
  account: string,
  { limit, before }: Parameters<Accounts['entries']>[1],
): ReturnType<Accounts['entries']> {
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      ...withPlaceholders(
        { KeyConditionExpression: '#account = :account AND begins_with(#entry, :prefix)' },
        { account, prefix: entryPrefix },
      ),
      ...(before !== undefined && { ExclusiveStartKey: marshall(entryKey(account, before)) }),
      ScanIndexForward: false,
      ConsistentRead: true,
      Limit: limit,
    }),
  );
  const entries = Items.map((item) => toEntry(unmarshall(item)));
  return { entries, next: LastEvaluatedKey && entries.at(-1)?.number };
}
