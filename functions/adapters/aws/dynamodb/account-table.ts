import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AccountProfile } from '../../../domain/accounts/authenticate.ts';
import {
  type Account,
  type AccountAudit,
  type AccountChange,
  type AccountSettings,
  type Accounts,
  defaultLimits,
  type Funds,
  noFunds,
  type WebhookSecrets,
} from '../../../domain/model/account.ts';
import type { AuditEntry } from '../../../domain/model/audit.ts';
import { isTestAccount, ownerOf, testLimits } from '../../../domain/model/mode.ts';
import { indexKeys, indexNames } from '../../../domain/model/storage-names.ts';
import { putAuditEntry, updateWithEntry } from './audit-table.ts';
import { budgetIn, changeBudget } from './budgets.ts';
import { listEntries } from './entries.ts';
import { withPlaceholders } from './expressions.ts';
import { findRows, type Row, readRow } from './rows.ts';
import {
  accountKey,
  accountShardKey,
  limitActions,
  readShards,
  readShardsAtOnce,
  sumOf,
  valuesOf,
} from './shards.ts';
import { untilResult, writeAll } from './transaction.ts';
import { update, updateExpression } from './update.ts';

/**
 * Only the own row of a live account has this attribute, so the index of accounts has no shards, no entries and no test
 * sides.
 */
const listed = 'account';

const conditions = {
  exists: 'attribute_exists(#account)',
  isNew: 'attribute_not_exists(#account)',
  /** The SDK retries a write whose response was lost. Rotated twice, the previous secret would be lost. */
  secretIsNew: '#webhookSecret <> :webhookSecret',
  sameTasksAllowed: '#tasksAllowed = :tasksAllowedBefore',
  /** Nobody else has changed the account, so `before` in the audit entry is right. */
  neverChanged: 'attribute_not_exists(#revision)',
  unchanged: '#revision = :revisionBefore',
};

/** The accounts in DynamoDB. Changes that have an audit entry need `auditTable`. */
export const accountTable = (
  client: DynamoDBClient,
  table: string,
  auditTable?: string,
): Accounts => ({
  add: (account, entry) => addAccount(client, { table, auditTable }, account, entry),

  find: (account) => findAccount(client, table, account),

  exists: async (account) => (await readRow(client, table, accountKey(account))) !== undefined,

  list: (options) => listAccounts(client, table, options),

  change: async (account, change, audit) => {
    const { dailyBudget, ...others } = change;
    const isBudgetChanged =
      dailyBudget !== undefined &&
      (await changeBudget(client, table, account, dailyBudget, (row) =>
        putAuditEntry(auditTable, audit?.(settingsIn(row), { dailyBudget })),
      ));
    // The change of the budget has its entry already. If nothing else changes, a second entry would be empty.
    const isAudited =
      isBudgetChanged && Object.values(others).every((value) => value === undefined);
    return changeAccount(
      client,
      { table, auditTable },
      account,
      others,
      isAudited ? undefined : audit,
    );
  },

  entries: (account, options) => listEntries(client, table, account, options),

  secrets: async (account) => {
    // Both sides of an account sign with the same secrets.
    const row = await readRow(client, table, accountKey(ownerOf(account)));
    return row && webhookSecretsIn(row);
  },

  rotateSecret: async (account, webhookSecret, previousSecretUntil, entry) => {
    const rotation = {
      TableName: table,
      Key: marshall(accountKey(account)),
      ...updateExpression({
        copy: { previousSecret: 'webhookSecret' },
        set: { webhookSecret, previousSecretUntil },
        conditions: [conditions.exists, conditions.secretIsNew],
      }),
    };
    const { done, row } = entry
      ? await updateWithEntry(client, auditTable, rotation, entry)
      : await update(client, rotation);
    return done || row !== undefined;
  },
});

type Profile = Omit<Account, keyof Funds>;

/** The settings of the operator. */
const settingsIn = (row: Row): AccountSettings => ({
  userGroup: row['userGroup'],
  limits: row['limits'],
  disabled: row['disabled'],
  dailyBudget: row['dailyBudget'],
  stopAtBudget: row['stopAtBudget'],
});

type Tables = { readonly table: string; readonly auditTable: string | undefined };

// Only this folder writes rows, so what is read has the shape that was written.
const toProfile = (row: Row): Profile => ({
  account: row['account'],
  userGroup: row['userGroup'],
  limits: row['limits'],
  createdAt: row['createdAt'],
  ...(row['disabled'] && { disabled: true }),
  ...(budgetIn(row) && { budget: budgetIn(row) }),
  ...(row['refilledOn'] && { refilledOn: row['refilledOn'] }),
});

/**
 * The accounts of callers, which always exist. A test side has limits of its own, and all else from its owner; its row exists
 * only from its first create on.
 */
export const accountProfiles =
  (client: DynamoDBClient, table: string) =>
  async (account: string): Promise<AccountProfile> => {
    const [row, side] = await Promise.all([
      readRow(client, table, accountKey(ownerOf(account))),
      isTestAccount(account) ? readRow(client, table, accountKey(account)) : undefined,
    ]);
    if (!row) throw new Error(`the account ${ownerOf(account)} does not exist`);
    if (!isTestAccount(account)) return { ...toProfile(row), shards: row['shards'] };
    return {
      userGroup: row['userGroup'],
      disabled: row['disabled'],
      limits: testLimits,
      shards: side?.['shards'],
      refilledOn: side?.['refilledOn'],
    };
  };

const toAccount = (row: Row, shards: readonly Row[]): Account => ({
  ...toProfile(row),
  granted: sumOf(shards, 'granted'),
  balance: sumOf(shards, 'balance'),
  reserved: sumOf(shards, 'reserved'),
  used: sumOf(shards, 'used'),
  inFlight: sumOf(shards, 'inFlight'),
});

/** Adds an account with one shard, which has the whole limit of open tasks. */
async function addAccount(
  client: DynamoDBClient,
  { table, auditTable }: Tables,
  account: Parameters<Accounts['add']>[0],
  entry: AuditEntry | undefined,
): Promise<boolean> {
  const tasksAllowed = account.limits.tasksInFlight ?? defaultLimits.tasksInFlight;
  const row = {
    ...account,
    ...accountKey(account.account),
    [indexKeys.accountsByName.partition]: isTestAccount(account.account) ? undefined : listed,
    shards: 1,
    tasksAllowed,
    budgetEpoch: account.dailyBudget === undefined ? undefined : 1,
  };
  const shard = {
    ...accountShardKey(account.account, 0),
    ...noFunds,
    inFlightLeft: tasksAllowed,
    changes: 1,
  };
  const put = (item: Row) => ({
    Put: {
      TableName: table,
      Item: marshall(item, { removeUndefinedValues: true }),
      ...withPlaceholders({ ConditionExpression: conditions.isNew }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    },
  });
  const added = await untilResult(async () => {
    const outcome = await writeAll(client, {
      account: put(row),
      shard: put(shard),
      entry: putAuditEntry(auditTable, entry),
    });
    if (outcome.state === 'written') return true;
    // The same secret: an earlier attempt of this call has added it, and its response was lost. Accounts are never
    // overwritten.
    const existing = outcome.failed.get('account');
    return existing && existing['webhookSecret'] === account.webhookSecret;
  });
  return added ?? false;
}

async function findAccount(
  client: DynamoDBClient,
  table: string,
  account: string,
): Promise<Account | undefined> {
  const tables = { accounts: table };
  const rows = await readShardsAtOnce(client, tables, { account });
  // If it changes all the time, one read has to be enough.
  const current = rows === 'busy' ? await readShards(client, tables, { account }) : rows;
  return current && toAccount(current.account, current.shards);
}

// The limit of open tasks lies in the shards: a change adds the difference, or takes it from where the most is left. If more
// tasks are open than the new limit, the first shard gets a debt.
async function changeAccount(
  client: DynamoDBClient,
  { table, auditTable }: Tables,
  account: string,
  change: Omit<AccountChange, 'dailyBudget'>,
  audit: AccountAudit | undefined,
): Promise<Account | undefined> {
  const { userGroup, limits = {}, disabled, stopAtBudget } = change;
  const result = await untilResult(async () => {
    const rows = await readShards(client, { accounts: table }, { account });
    if (!rows) return { changed: undefined };
    const { tasksAllowed: tasksAllowedBefore, revision: revisionBefore } = rows.account;
    const tasksAllowed = allowedAfter(tasksAllowedBefore, limits.tasksInFlight);
    const outcome = await writeAll(client, {
      account: {
        Update: {
          TableName: table,
          Key: marshall(accountKey(account)),
          ...updateExpression({
            set: {
              userGroup,
              disabled: disabled === false ? null : disabled,
              stopAtBudget,
              tasksAllowed,
              'limits.requestsPerMinute': limits.requestsPerMinute,
              'limits.tasksInFlight': limits.tasksInFlight,
            },
            add: { revision: 1 },
            conditions: [
              conditions.exists,
              conditions.sameTasksAllowed,
              revisionBefore === undefined ? conditions.neverChanged : conditions.unchanged,
            ],
            values: { tasksAllowedBefore, revisionBefore },
          }),
        },
      },
      entry: putAuditEntry(auditTable, audit?.(settingsIn(rows.account), change)),
      ...limitActions(
        'shard',
        { table, keyOf: (shard) => accountShardKey(account, shard), guarded: ['inFlightLeft'] },
        {
          left: valuesOf(rows.shards, 'inFlightLeft'),
          difference: tasksAllowed - tasksAllowedBefore,
          changeOf: (inFlightLeft) => ({ inFlightLeft }),
        },
      ),
    });
    if (outcome.state !== 'written') return undefined;
    return { changed: await findAccount(client, table, account) };
  });
  if (!result) throw new Error(`the account ${account} was changed at every attempt`);
  return result.changed;
}

/** `null` goes back to the default. */
const allowedAfter = (before: number, tasksInFlight: number | null | undefined): number =>
  tasksInFlight === undefined ? before : (tasksInFlight ?? defaultLimits.tasksInFlight);

const webhookSecretsIn = ({
  webhookSecret,
  previousSecret,
  previousSecretUntil,
}: Row): WebhookSecrets => ({
  newest: webhookSecret,
  ...(previousSecret && { previous: { secret: previousSecret, until: previousSecretUntil } }),
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
      ...withPlaceholders(
        { KeyConditionExpression: `#${indexKeys.accountsByName.partition} = :listed` },
        { listed },
      ),
      ...(after && {
        ExclusiveStartKey: marshall({
          [indexKeys.accountsByName.partition]: listed,
          ...accountKey(after),
        }),
      }),
      Limit: limit,
    }),
  );
  const names = Items.map((item) => String(unmarshall(item)['account']));
  const accounts = await findAccounts(client, table, names);
  return {
    accounts: names.flatMap((name) => accounts.get(name) ?? []),
    next: LastEvaluatedKey && names.at(-1),
  };
}

async function findAccounts(client: DynamoDBClient, table: string, names: readonly string[]) {
  const rows = await findRows(client, table, names.map(accountKey));
  const shardKeysOf = ({ account, shards }: Row) =>
    Array.from({ length: shards }, (_, shard) => accountShardKey(account, shard));
  const shards = await findRows(client, table, rows.flatMap(shardKeysOf));
  const byPartition = new Map(shards.map((row) => [row['account'], row]));
  return new Map(
    rows.map((row) => [
      String(row['account']),
      toAccount(
        row,
        shardKeysOf(row).map((key) => byPartition.get(key.account) ?? {}),
      ),
    ]),
  );
}
