import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { AccountSnapshot, OpenTasks } from '../../../domain/billing/audit-funds.ts';
import type { Entry, Funds } from '../../../domain/model/account.ts';
import { isKeyId } from '../../../domain/model/ids.ts';
import { isTestAccount } from '../../../domain/model/mode.ts';
import { type ActiveTask, isOpen, type TaskRecord } from '../../../domain/model/task.ts';
import { isEntry, toEntry } from './entries.ts';
import { withPlaceholders } from './expressions.ts';
import { findRows, type Row } from './rows.ts';
import { accountKey, isShard, parseShardPartition } from './shards.ts';
import { partKey, parts, toTaskRecord } from './task-row.ts';

// Reads of whole tables, for the operator's restore. No function may do that.

/** The states of all tasks and the tombstones of deleted ones; never a request. */
export async function* scanTasks(
  client: DynamoDBClient,
  table: string,
  createdSince = 0,
): AsyncGenerator<TaskRecord> {
  const filter = withPlaceholders(
    { FilterExpression: '#part = :state AND #createdAt >= :createdSince' },
    { state: parts.state, createdSince },
  );
  for await (const row of scan(client, table, filter)) yield toTaskRecord(row);
}

/** The tasks with these ids, as far as there are any, by id. */
export async function findTasks(
  client: DynamoDBClient,
  table: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, TaskRecord>> {
  const rows = await findRows(
    client,
    table,
    ids.map((id) => partKey(id, parts.state)),
  );
  return new Map(rows.map((row) => [String(row['id']), toTaskRecord(row)]));
}

type Tables = { readonly accounts: string; readonly tasks: string };

/** Snapshots of all accounts, test sides included. Each table is read once, one after the other. */
export async function readSnapshots(
  client: DynamoDBClient,
  tables: Tables,
): Promise<readonly AccountSnapshot[]> {
  const snapshots = new Map<string, WritableSnapshot>();
  const snapshotOf = (account: string) => {
    const found = snapshots.get(account) ?? {
      account,
      shards: new Map(),
      entered: 0,
      open: new Map(),
    };
    snapshots.set(account, found);
    return found;
  };
  for await (const row of scan(client, tables.accounts)) addRow(snapshotOf, row);
  for await (const task of scanTasks(client, tables.tasks)) {
    if (isOpen(task)) addOpenTask(snapshotOf(task.account).open, task);
  }
  return [...snapshots.values()];
}

type WritableSnapshot = Omit<AccountSnapshot, 'shards' | 'open'> & {
  readonly shards: Map<number, Funds>;
  entered: number;
  readonly open: Map<number, OpenTasks>;
};

/** Adds a row of the table of accounts. Only those of shards and entries have money. */
function addRow(snapshotOf: (account: string) => WritableSnapshot, row: Row): void {
  if (!isEntry(row) && !isShard(row)) return;
  const { account, shard } = parseShardPartition(row['account']);
  if (isEntry(row)) snapshotOf(account).entered += toEntry(row).amount;
  else snapshotOf(account).shards.set(shard, toFunds(row));
}

function addOpenTask(open: Map<number, OpenTasks>, { reserved, reservedIn }: ActiveTask): void {
  const shard = reservedIn?.shard ?? 0;
  const before = open.get(shard) ?? { reserved: 0, inFlight: 0 };
  open.set(shard, { reserved: before.reserved + reserved, inFlight: before.inFlight + 1 });
}

const toFunds = ({
  granted = 0,
  balance = 0,
  reserved = 0,
  used = 0,
  inFlight = 0,
}: Row): Funds => ({
  granted,
  balance,
  reserved,
  used,
  inFlight,
});

/** An entry of a ledger, with its account. */
export type AccountEntry = { readonly account: string; readonly entry: Entry };

/** The part of an account that is compared after a restore. */
export type AccountState = {
  readonly account: string;
  readonly isDisabled: boolean;
  /** The secret that signs its callbacks. It is compared, and never shown. */
  readonly webhookSecret: string;
};

/**
 * All accounts, and their grants and withdrawals since a moment, by account and entry id. Test sides are left out: they refill
 * themselves.
 */
export async function readAccounts(client: DynamoDBClient, table: string, since: number) {
  const filter = withPlaceholders(
    {
      FilterExpression: '#entry = :account OR (#kind IN (:grant, :withdraw) AND #at >= :since)',
    },
    { account: accountKey('').entry, grant: 'grant', withdraw: 'withdraw', since },
  );
  const accounts = new Map<string, AccountState>();
  const credits = new Map<string, AccountEntry>();
  for await (const row of scan(client, table, filter)) {
    if (isEntry(row)) {
      const { account } = parseShardPartition(row['account']);
      const entry = toEntry(row);
      if (!isTestAccount(account)) credits.set(`${account} ${entry.id}`, { account, entry });
    } else {
      const { account, disabled, webhookSecret } = row;
      if (!isTestAccount(account))
        accounts.set(account, { account, isDisabled: disabled === true, webhookSecret });
    }
  }
  return { accounts, credits };
}

/** The part of an API key that is compared after a restore. */
export type KeyState = {
  readonly keyId: string;
  readonly account: string;
  readonly name: string;
  /** Whether requests with the key are refused: it was deleted or disabled, or has expired. */
  readonly isRefused: boolean;
};

/**
 * All API keys by their ids, and the money in their shards. Sessions of the console and the codes for them are in the same
 * table; they end by themselves and are left out.
 */
export async function readKeys(client: DynamoDBClient, table: string, now: number) {
  const keys = new Map<string, KeyState>();
  const money: { readonly of: string; readonly funds: Funds }[] = [];
  for await (const row of scan(client, table)) {
    const { keyId, account, name, enabled, deletedAt, expiresAt, isSession } = row;
    const [, ...suffixes] = String(keyId).split('#');
    if (isKeyId(keyId) && !isSession) {
      const hasExpired = expiresAt !== undefined && expiresAt <= now;
      const isRefused = enabled === false || deletedAt !== undefined || hasExpired;
      keys.set(keyId, { keyId, account, name, isRefused });
    }
    // The row of a day has two parts behind the id, and counts only what is left of its limit.
    if (suffixes.length === 1) money.push({ of: keyId, funds: toFunds(row) });
  }
  return { keys, money };
}

/** All rows of a table, as they are at the moment at which each is read. */
async function* scan(
  client: DynamoDBClient,
  TableName: string,
  filter: Partial<ReturnType<typeof withPlaceholders>> = {},
): AsyncGenerator<Row> {
  const pages = paginateScan({ client }, { TableName, ConsistentRead: true, ...filter });
  for await (const { Items = [] } of pages) {
    for (const item of Items) yield unmarshall(item);
  }
}
