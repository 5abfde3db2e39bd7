import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { accountTable } from '../functions/adapters/aws/dynamodb/account-table.ts';
import { credits } from '../functions/adapters/aws/dynamodb/credits.ts';
import { keyTable } from '../functions/adapters/aws/dynamodb/key-table.ts';
import { reservations } from '../functions/adapters/aws/dynamodb/reservations.ts';
import { settlements } from '../functions/adapters/aws/dynamodb/settlements.ts';
import { taskTable } from '../functions/adapters/aws/dynamodb/task-table.ts';
import type { SpendingLimits } from '../functions/domain/billing/ledger.ts';
import type { Funds } from '../functions/domain/model/account.ts';
import { tablesOf } from '../local/aws/template/read-tables.ts';
import { reasonToSkip, startDynamoDbLocal } from '../test/support/dynamodb-local.ts';
import { keyOf, sampleKey } from '../test/support/tasks.ts';
import { synthesiseTemplate } from '../test/support/template.ts';
import { firstMessage, startChild } from './child-process.ts';
import { type Counts, countTransactions } from './count-transactions.ts';
import { ledgerLatency } from './ledger-latency.ts';
import {
  audit,
  type LedgerUnderTest,
  type Load,
  noLoad,
  runLoad,
  sumOfLoads,
} from './ledger-load.ts';
import {
  addOptimisticAccount,
  optimisticFunds,
  optimisticLedger,
} from './optimistic-ledger/optimistic-ledger.ts';
import { printTable } from './print-table.ts';
import { quantile } from './statistics.ts';
import { tableNamesOf } from './table-names.ts';

// How many tasks the ledger reserves and settles when many callers have one account: the earlier ledger, with one row for
// the account, and the present one, with balance shards. Both are measured in turns on the same database, so that other
// work of the machine affects both. Only figures of the same run can be compared.

const seconds = Number(process.env['BENCH_SECONDS'] ?? 8);
/** Long enough for the balance to be spread over the shards, unless there are too many callers. */
const warmSeconds = Math.min(4, seconds / 2);
/** How often the two ledgers take turns in a case. */
const turns = 2;
const callerCounts = [1, 10, 50, 200];
const plenty = 1e12;
const tasksAllowed = 1_000_000;

/** Whether the key has limits. They are never reached, so the difference shows what checking them costs. */
const limitsOfKeys: Readonly<Record<'no' | 'yes', SpendingLimits>> = {
  no: { timeZone: 'UTC' },
  yes: { timeZone: 'UTC', totalLimit: plenty, dailyLimit: plenty },
};

type Case = {
  readonly database: string;
  readonly limits: keyof typeof limitsOfKeys;
  readonly callers: number;
};

/** Measures and prints; returns the rows. */
export async function benchLedger(): Promise<readonly object[]> {
  const rows = [...(await onLocalStack()), ...(await onDynamoDbLocal())];
  printTable('Reserve and settle on one account', rows);
  return rows;
}

async function onLocalStack() {
  const child = startChild('dynamodb-with-latency.ts');
  try {
    const { url } = z.object({ url: z.url() }).parse(await firstMessage(child));
    const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
    const { read, transaction } = ledgerLatency;
    return await measureAll(
      `local stack, ${read} and ${transaction} ms`,
      new DynamoDBClient({ region: 'us-east-1', endpoint: url, credentials, ...manySockets }),
    );
  } finally {
    child.disconnect();
  }
}

async function onDynamoDbLocal() {
  const reason = reasonToSkip();
  if (reason) {
    process.stderr.write(`The ledger is not measured on AWS's DynamoDB Local: ${reason}.\n`);
    return [];
  }
  const dynamoDbLocal = await startDynamoDbLocal();
  try {
    const database = await dynamoDbLocal.createDatabase(tables);
    // The same database, which is chosen by the access key, with more connections.
    const { endpoint, credentials } = database.config;
    const client = new DynamoDBClient({
      region: 'us-east-1',
      ...(endpoint && { endpoint }),
      credentials,
      ...manySockets,
    });
    return await measureAll('DynamoDB Local', client);
  } finally {
    await dynamoDbLocal.stop();
  }
}

const tables = tablesOf({ template: synthesiseTemplate() });
const names = tableNamesOf(tables);

/** A connection for every caller: on AWS each of them has a client of its own. */
const manySockets = {
  requestHandler: { httpAgent: { maxSockets: Math.max(...callerCounts) * 2 } },
} as const;

async function measureAll(database: string, client: DynamoDBClient) {
  const rows = [];
  try {
    // The first transactions are slow, which must not count for the first row.
    await measure(client, { database, limits: 'no', callers: 10 }, warmSeconds);
    for (const limits of ['no', 'yes'] as const) {
      for (const callers of callerCounts) {
        rows.push(...(await measure(client, { database, limits, callers }, seconds)));
      }
    }
  } finally {
    client.destroy();
  }
  return rows;
}

/** The two ledgers that are compared. */
type Opened = {
  readonly name: 'before' | 'now';
  readonly ledger: LedgerUnderTest;
  readonly counts: Counts;
  readonly funds: () => Promise<Funds | undefined>;
};

let accounts = 0;

async function measure(client: DynamoDBClient, loadCase: Case, forSeconds: number) {
  accounts += 1;
  const both = await Promise.all([
    openBefore(client, `before-${accounts}`, loadCase),
    openNow(client, `now-${accounts}`, loadCase),
  ]);
  const measured = [];
  for (const opened of both) {
    const warmUp = await runLoad(opened.ledger, warmSeconds);
    Object.assign(opened.counts, { written: 0, conflicts: 0, conditionsFailed: 0 });
    measured.push({ ...opened, warmUp, load: noLoad });
  }
  for (let turn = 0; turn < turns; turn += 1) {
    for (const one of measured) {
      one.load = sumOfLoads(one.load, await runLoad(one.ledger, forSeconds / turns));
    }
  }
  for (const { funds, warmUp, load } of measured) {
    const found = await funds();
    if (!found) throw new Error('there is no account');
    audit(found, sumOfLoads(warmUp, load));
  }
  const rows = rowsOf(loadCase, measured, forSeconds);
  process.stderr.write(`${rows.map((row) => Object.values(row).join(' | ')).join('\n')}\n`);
  return rows;
}

type Measured = Pick<Opened, 'name' | 'counts'> & { readonly load: Load };

function rowsOf(loadCase: Case, measured: readonly Measured[], forSeconds: number) {
  const pairs = ({ load }: Measured) => load.postings / 2 / forSeconds;
  const [first] = measured;
  return measured.map((one) => ({
    database: loadCase.database,
    'key limits': loadCase.limits,
    callers: loadCase.callers,
    ledger: one.name,
    'pairs/s': pairs(one).toFixed(1),
    ratio: (first ? pairs(one) / pairs(first) : 1).toFixed(1),
    'create p50 ms': quantile(one.load.createMs, 0.5).toFixed(0),
    'create p99 ms': quantile(one.load.createMs, 0.99).toFixed(0),
    ...sharesOf(one.counts),
    'given up': one.load.givenUp,
    'given up %': percent(one.load.givenUp, one.load.postings + one.load.givenUp),
  }));
}

/** The shares of all transactions that were cancelled, also when a later attempt succeeded. */
function sharesOf({ written, conflicts, conditionsFailed }: Counts) {
  const all = written + conflicts + conditionsFailed;
  return {
    'conflicts %': percent(conflicts, all),
    'condition failed %': percent(conditionsFailed, all),
  };
}

const percent = (part: number, all: number): string => ((100 * part) / Math.max(1, all)).toFixed(1);

async function openBefore(
  database: DynamoDBClient,
  account: string,
  { limits: name, callers }: Case,
): Promise<Opened> {
  const { client, counts } = countTransactions(database);
  const limits = limitsOfKeys[name];
  const row = { account, keyId: keyOf(account), credits: plenty, tasksAllowed, limits };
  await addOptimisticAccount(client, names, row);
  const ledger = optimisticLedger(client, names);
  return {
    name: 'before',
    counts,
    funds: () => optimisticFunds(client, names, account),
    ledger: {
      account,
      limits,
      tasks: taskTable(client, names.tasks),
      callers: Array.from({ length: callers }, () => ledger),
    },
  };
}

async function openNow(
  database: DynamoDBClient,
  account: string,
  { limits: name, callers }: Case,
): Promise<Opened> {
  const { client, counts } = countTransactions(database);
  const limits = limitsOfKeys[name];
  const at = Date.now();
  const accounts = accountTable(client, names.accounts);
  await accounts.add({
    account,
    userGroup: 'default',
    limits: { tasksInFlight: tasksAllowed },
    webhookSecret: 'none',
    createdAt: at,
  });
  await keyTable(client, names, Date.now).add(sampleKey({ account, ...limits }));
  await credits(client, names).credit({ account, amount: plenty, at });
  return {
    name: 'now',
    counts,
    funds: () => accounts.find(account),
    ledger: {
      account,
      limits,
      tasks: taskTable(client, names.tasks),
      // Each caller stands for a sandbox of Lambda, which finds out by itself how many shards there are.
      callers: Array.from({ length: callers }, () => ({
        ...reservations(client, names),
        ...settlements(client, names),
      })),
    },
  };
}
