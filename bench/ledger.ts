import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accountTable } from '../functions/aws/account-table.ts';
import { credits } from '../functions/aws/credits.ts';
import { keyTable } from '../functions/aws/key-table.ts';
import { openings, settlements } from '../functions/aws/ledger.ts';
import { newTaskId } from '../functions/task/ids.ts';
import type { Ledger } from '../functions/task/ports.ts';
import { Problem } from '../functions/task/problem.ts';
import { tablesOf } from '../local/template/read-tables.ts';
import { startDynamoDbLocal, whyNot } from '../test/support/dynamodb-local.ts';
import { completed, keyOf, pending, sampleKey } from '../test/support/tasks.ts';
import { synthesise } from '../test/support/template.ts';
import { counting } from './counting.ts';
import { printTable } from './print-table.ts';

// How many tasks the ledger can open and settle, on AWS's own DynamoDB Local: callers at once on one
// account, and on as many accounts. Figures of one run on one machine: compare them with each other.

const seconds = Number(process.env['BENCH_SECONDS'] ?? 8);
const cases: readonly Case[] = [
  { callers: 1, accounts: 1 },
  { callers: 10, accounts: 1 },
  { callers: 50, accounts: 1 },
  { callers: 50, accounts: 50 },
];

type Case = { readonly callers: number; readonly accounts: number };

/** Measures and prints; answers the rows. */
export async function benchLedger(): Promise<readonly object[]> {
  const reason = whyNot();
  if (reason) {
    process.stderr.write(`The ledger is not measured: ${reason}.\n`);
    return [];
  }
  const tables = tablesOf({ template: synthesise() });
  const dynamoDbLocal = await startDynamoDbLocal();
  try {
    // The first seconds of a Java process are its slowest, and would be the first row's.
    await measure(await dynamoDbLocal.database(tables), { callers: 50, accounts: 50 });
    const rows = [];
    for (const one of cases) rows.push(await measure(await dynamoDbLocal.database(tables), one));
    printTable('Reserve and settle, pairs a second', rows);
    return rows;
  } finally {
    await dynamoDbLocal.stop();
  }

  async function measure(database: DynamoDBClient, { callers, accounts }: Case) {
    const { client, counts } = counting(database);
    const named = (part: string) => {
      const found = tables.find(({ TableName }) => TableName.includes(`Tables${part}`));
      return found?.TableName ?? '';
    };
    const names = {
      ...{ accounts: named('Accounts'), keys: named('Keys') },
      ...{ tasks: named('Tasks'), idempotency: named('Idempotency') },
    };
    for (let n = 0; n < accounts; n += 1) await openAccount(client, names, accountOf(n));
    const ledger = { ...openings(client, names), ...settlements(client, names) };
    await run(ledger, { callers, accounts }, 1000); // warm
    Object.assign(counts, { written: 0, conflicts: 0, overtaken: 0 });

    const start = performance.now();
    const { pairs, busy } = await run(ledger, { callers, accounts }, seconds * 1000);
    const took = (performance.now() - start) / 1000;
    client.destroy();
    const { written, conflicts, overtaken } = counts;
    const share = (part: number) =>
      `${((100 * part) / (written + conflicts + overtaken)).toFixed(1)} %`;
    return {
      ...{ callers, accounts },
      'pairs/s': Math.round(pairs / took),
      conflicts: share(conflicts),
      overtaken: share(overtaken),
      'given up (503)': `${((100 * busy) / (2 * pairs + busy)).toFixed(2)} %`,
    };
  }
}

const accountOf = (n: number) => `account-${n}`;

type Names = { accounts: string; keys: string; tasks: string; idempotency: string };

async function openAccount(client: DynamoDBClient, names: Names, account: string): Promise<void> {
  const at = Date.now();
  const limits = { tasksInFlight: 100_000 };
  const made = { account, userGroup: 'default', limits, webhookSecret: 'none', createdAt: at };
  await accountTable(client, names.accounts).add(made);
  await keyTable(client, names.keys, Date.now).add(sampleKey({ account }));
  await credits(client, names).credit({ account, amount: 1e12, at });
}

async function run(
  ledger: Pick<Ledger, 'open' | 'settle'>,
  { callers, accounts }: Case,
  ms: number,
): Promise<{ pairs: number; busy: number }> {
  const until = performance.now() + ms;
  const total = { pairs: 0, busy: 0 };
  const call = async (account: string) => {
    while (performance.now() < until) {
      const common = { id: newTaskId(Date.now()), account, keyId: keyOf(account) };
      const patiently = <T>(deed: () => Promise<T>) => untilDone(deed, total);
      await patiently(() => ledger.open(pending({ ...common, createdAt: Date.now() })));
      await patiently(() => ledger.settle(completed({ ...common, finishedAt: Date.now() })));
      total.pairs += 1;
    }
  };
  await Promise.all(
    Array.from({ length: callers }, (_, caller) => call(accountOf(caller % accounts))),
  );
  return total;
}

// A caller who is told that the account is busy comes again.
async function untilDone<T>(deed: () => Promise<T>, total: { busy: number }): Promise<T> {
  for (;;) {
    try {
      return await deed();
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'service_unavailable')) throw error;
      total.busy += 1;
    }
  }
}
