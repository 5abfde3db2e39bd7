import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../functions/adapters/aws/dynamodb/account-table.ts';
import { credits } from '../functions/adapters/aws/dynamodb/credits.ts';
import { keyTable } from '../functions/adapters/aws/dynamodb/key-table.ts';
import { reservations } from '../functions/adapters/aws/dynamodb/reservations.ts';
import { settlements } from '../functions/adapters/aws/dynamodb/settlements.ts';
import { taskTable } from '../functions/adapters/aws/dynamodb/task-table.ts';
import type { Ledger } from '../functions/domain/billing/ledger.ts';
import { LedgerBusy } from '../functions/domain/billing/ledger.ts';
import { newTaskId } from '../functions/domain/model/ids.ts';
import type { TaskStore } from '../functions/domain/tasks/ports.ts';
import { tablesOf } from '../local/aws/template/read-tables.ts';
import { reasonToSkip, startDynamoDbLocal } from '../test/support/dynamodb-local.ts';
import { completed, keyOf, pending, sampleKey } from '../test/support/tasks.ts';
import { synthesiseTemplate } from '../test/support/template.ts';
import { countTransactions } from './count-transactions.ts';
import { printTable } from './print-table.ts';

// How many tasks the ledger can reserve and settle on AWS's own DynamoDB Local: concurrent callers on one
// account, and each on an account of its own. The figures are of one run on one machine: compare them with
// each other only.

const seconds = Number(process.env['BENCH_SECONDS'] ?? 8);
const cases: readonly Case[] = [
  { callers: 1, accounts: 1 },
  { callers: 10, accounts: 1 },
  { callers: 50, accounts: 1 },
  { callers: 50, accounts: 50 },
];

type Case = { readonly callers: number; readonly accounts: number };

/** Measures and prints; returns the rows. */
export async function benchLedger(): Promise<readonly object[]> {
  const reason = reasonToSkip();
  if (reason) {
    process.stderr.write(`The ledger is not measured: ${reason}.\n`);
    return [];
  }
  const tables = tablesOf({ template: synthesiseTemplate() });
  const dynamoDbLocal = await startDynamoDbLocal();
  try {
    // A Java process is slow in its first seconds, which must not count for the first row.
    await measure(await dynamoDbLocal.createDatabase(tables), { callers: 50, accounts: 50 });
    const rows = [];
    for (const loadCase of cases) {
      rows.push(await measure(await dynamoDbLocal.createDatabase(tables), loadCase));
    }
    printTable('Reserve and settle, pairs a second', rows);
    return rows;
  } finally {
    await dynamoDbLocal.stop();
  }

  async function measure(database: DynamoDBClient, { callers, accounts }: Case) {
    const { client, counts } = countTransactions(database);
    const tableName = (part: string) => {
      const found = tables.find(({ TableName }) => TableName.includes(`Tables${part}`));
      return found?.TableName ?? '';
    };
    const names = {
      accounts: tableName('Accounts'),
      keys: tableName('Keys'),
      tasks: tableName('Tasks'),
      idempotency: tableName('Idempotency'),
    };
    for (let n = 0; n < accounts; n += 1) await openAccount(client, names, accountOf(n));
    const ledger = {
      ...reservations(client, names),
      ...settlements(client, names),
      tasks: taskTable(client, names.tasks),
    };
    await run(ledger, { callers, accounts }, 1000); // warm up
    Object.assign(counts, { written: 0, conflicts: 0, versionConflicts: 0 });

    const start = performance.now();
    const { pairs, busy } = await run(ledger, { callers, accounts }, seconds * 1000);
    const took = (performance.now() - start) / 1000;
    client.destroy();
    const { written, conflicts, versionConflicts } = counts;
    const share = (part: number) =>
      `${((100 * part) / (written + conflicts + versionConflicts)).toFixed(1)} %`;
    return {
      callers,
      accounts,
      'pairs/s': Math.round(pairs / took),
      conflicts: share(conflicts),
      'version conflicts': share(versionConflicts),
      'given up (503)': `${((100 * busy) / (2 * pairs + busy)).toFixed(2)} %`,
    };
  }
}

const accountOf = (n: number) => `account-${n}`;

type Names = { accounts: string; keys: string; tasks: string; idempotency: string };

async function openAccount(client: DynamoDBClient, names: Names, account: string): Promise<void> {
  const at = Date.now();
  const limits = { tasksInFlight: 100_000 };
  const record = { account, userGroup: 'default', limits, webhookSecret: 'none', createdAt: at };
  await accountTable(client, names.accounts).add(record);
  await keyTable(client, names, Date.now).add(sampleKey({ account }));
  await credits(client, names).credit({ account, amount: 1e12, at });
}

async function run(
  { tasks, ...ledger }: Pick<Ledger, 'reserve' | 'settle'> & { readonly tasks: TaskStore },
  { callers, accounts }: Case,
  ms: number,
): Promise<{ pairs: number; busy: number }> {
  const until = performance.now() + ms;
  const total = { pairs: 0, busy: 0 };
  const call = async (account: string) => {
    while (performance.now() < until) {
      const common = { id: newTaskId(Date.now()), account, keyId: keyOf(account) };
      const draft = pending({ ...common, createdAt: Date.now() });
      await retryWhileBusy(total, () => ledger.reserve(draft, { timeZone: 'UTC' }));
      const { reservedIn } = (await tasks.find(common.id)) ?? {};
      await retryWhileBusy(total, () =>
        ledger.settle(completed({ ...common, reservedIn, finishedAt: Date.now() })),
      );
      total.pairs += 1;
    }
  };
  await Promise.all(
    Array.from({ length: callers }, (_, caller) => call(accountOf(caller % accounts))),
  );
  return total;
}

// A caller that gets 503, because the account is busy, tries again.
async function retryWhileBusy<T>(total: { busy: number }, act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const result = await act();
      if (typeof result !== 'object' || JSON.stringify(result) !== '{"state":"busy"}')
        return result;
    } catch (error) {
      if (!(error instanceof LedgerBusy)) throw error;
    }
    total.busy += 1;
  }
}
