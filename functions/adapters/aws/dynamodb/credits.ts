import { randomInt, randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { IdempotencyRecord } from '../../../domain/billing/idempotency.ts';
import type { Credit, CreditResult, Ledger } from '../../../domain/billing/ledger.ts';
import { typicalTaskPrice, withdrawFrom } from '../../../domain/billing/shards.ts';
import { type Entry, entryIdOf } from '../../../domain/model/account.ts';
import type { AuditEntry } from '../../../domain/model/audit.ts';
import { putAuditEntry } from './audit-table.ts';
import { addEntry, entryKey, toEntry } from './entries.ts';
import {
  findFirstRecord,
  type IdempotencyRow,
  putIdempotencyRecord,
  toIdempotencyRow,
} from './idempotency.ts';
import { readRow } from './rows.ts';
import {
  accountShardKey,
  isSame,
  readShards,
  type ShardChanges,
  type ShardRows,
  shardActions,
  sumOf,
  valuesOf,
} from './shards.ts';
import { spreadAccount } from './spread-shards.ts';
import { type Actions, type Outcome, untilResult, writeAll } from './transaction.ts';

type Tables = {
  readonly accounts: string;
  readonly idempotency: string;
  /** The table of the audit entries, if grants and withdrawals have them. */
  readonly audit?: string | undefined;
};

/** A grant was written, but could not be spread over the shards: the account is slower until its next conflict. */
type SpreadFailed = (account: string, cause: unknown) => void;

/** The part of the ledger through which the operator grants and withdraws credits. */
export const credits = (
  client: DynamoDBClient,
  tables: Tables,
  spreadFailed: SpreadFailed = () => {},
): Pick<Ledger, 'credit'> => ({
  credit: async (request, record, audit) => {
    const result = await credit(client, tables, request, { record, audit });
    if ('first' in result) return replayOf(client, tables, result.first);
    if (result.state === 'credited' && request.amount > 0) {
      // An error here must not look as if the grant was not written, or the operator would repeat it.
      await spreadAccount(client, tables.accounts, request.account, {
        price: typicalTaskPrice,
        because: 'grant',
      }).catch((cause: unknown) => spreadFailed(request.account, cause));
    }
    return result;
  },
});

type CreditOrReplay = CreditResult | { readonly first: IdempotencyRow };

async function credit(
  client: DynamoDBClient,
  tables: Tables,
  request: Credit,
  { record, audit }: Pick<Written, 'record' | 'audit'>,
): Promise<CreditOrReplay> {
  const { account, amount, at, keyId, note } = request;
  const kind = amount < 0 ? 'withdraw' : 'grant';
  const entry: Entry = { id: entryIdOf(at, randomUUID()), kind, at, amount, keyId, note };
  const read = () => readShards(client, { accounts: tables.accounts }, { account });
  const result = await untilResult<CreditOrReplay>(async () => {
    const rows = await read();
    if (!rows) return { state: 'account_missing' };
    const changes = changesFor(rows, amount);
    if (changes) {
      const outcome = await writeAll(
        client,
        actionsOf(tables, account, { entry, changes, record, audit }),
      );
      return resultOf(outcome, entry);
    }
    if (!isSameAs(rows, await read())) return undefined;
    // Read after the shards: the request that took the last credits may have had this very key.
    const first = await findFirstRecord(client, tables.idempotency, record, at);
    return first ? { first } : { state: 'insufficient', balance: sumOf(rows.shards, 'balance') };
  });
  return result ?? { state: 'busy' };
}

function resultOf(outcome: Outcome, entry: Entry): CreditOrReplay | undefined {
  if (outcome.state === 'written') return { state: 'credited', entry };
  const { failed } = outcome;
  return failed.has('idempotency')
    ? { first: toIdempotencyRow(failed.get('idempotency')) }
    : undefined;
}

const isSameAs = (rows: ShardRows, others: ShardRows | undefined): boolean =>
  others !== undefined && isSame(rows, others);

type Written = {
  readonly entry: Entry;
  readonly changes: ShardChanges;
  readonly record: IdempotencyRecord | undefined;
  readonly audit: ((entry: Entry) => AuditEntry) | undefined;
};

function actionsOf(
  { accounts, idempotency, audit: auditTable }: Tables,
  account: string,
  { entry, changes, record, audit }: Written,
): Actions {
  const shard = changes[0]?.[0] ?? 0;
  const created = { account, shard, entry: entry.id };
  return {
    entry: addEntry(accounts, { account, shard }, entry),
    audit: putAuditEntry(auditTable, audit?.(entry)),
    idempotency: putIdempotencyRecord(idempotency, record, created, entry.at),
    ...shardActions(
      'shard',
      { table: accounts, keyOf: (one) => accountShardKey(account, one), guarded: ['balance'] },
      changes,
    ),
  };
}

/** A grant goes to any shard, and a withdrawal takes from the richest first; undefined when there is not enough. */
function changesFor({ shards }: ShardRows, amount: number): ShardChanges | undefined {
  const change = (size: number) => ({ granted: size, balance: size });
  if (amount > 0) return [[randomInt(shards.length), change(amount)]];
  const left = valuesOf(shards, 'balance');
  if (sumOf(shards, 'balance') < -amount) return undefined;
  return withdrawFrom(left, -amount).flatMap((size, shard) =>
    size > 0 ? [[shard, change(-size)] as const] : [],
  );
}

// The first request may have been for another account. Without an entry, it created a task.
async function replayOf(
  client: DynamoDBClient,
  { accounts }: Tables,
  { requestHash, account, shard = 0, entry }: IdempotencyRow,
): Promise<CreditResult> {
  if (!account || !entry) return { state: 'idempotency_key_used', requestHash, entry: undefined };
  const row = await readRow(client, accounts, entryKey({ account, shard }, entry));
  if (!row) throw new Error(`${entry} of ${account} has an idempotency record and does not exist`);
  return { state: 'idempotency_key_used', requestHash, entry: toEntry(row) };
}
