import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type AccountState,
  findTasks,
  type KeyState,
  readAccounts,
  readKeys,
  readSnapshots,
  scanTasks,
} from '../../functions/adapters/aws/dynamodb/whole-tables.ts';
import {
  auditAccount,
  auditRow,
  type Discrepancy,
} from '../../functions/domain/billing/audit-funds.ts';
import { isTestAccount, ownerOf } from '../../functions/domain/model/mode.ts';
import { toCredits } from '../../functions/domain/model/money.ts';
import { isDeleted, isOpen, type TaskRecord } from '../../functions/domain/model/task.ts';
import type { Plan } from './plan.ts';

// Compares the restored tables with those that they replace: what a restore has brought back, and what it has lost.

/** Everything in the restored tables that does not add up. */
export async function auditRestored(
  client: DynamoDBClient,
  { tables }: Plan,
  now: number,
): Promise<readonly Discrepancy[]> {
  const snapshots = await readSnapshots(client, {
    accounts: tables.Accounts.to,
    tasks: tables.Tasks.to,
  });
  const { money } = await readKeys(client, tables.Keys.to, now);
  return [
    ...snapshots.flatMap(auditAccount),
    ...money.flatMap(({ of, funds }) => auditRow(of, funds)),
  ];
}

/**
 * Why a task is listed. `lost`: it was created after the moment. `submitted again`: it is open again and will be
 * submitted, although a provider has got its job since. `deleted before`: its account had it deleted, and its prompt is
 * back.
 */
type TaskChange = 'lost' | 'submitted again' | 'deleted before';

export type ChangedTask = {
  readonly id: string;
  readonly account: string;
  /** `false`: it was made in test mode, for play credits. */
  readonly livemode: boolean;
  readonly change: TaskChange;
  /** As it was before the restore. */
  readonly status: TaskRecord['status'];
  readonly provider: string | null;
  /** The provider's id of the job. */
  readonly ticket: string | null;
  readonly credits_reserved: number;
  readonly credits_used: number;
  readonly created_at: number;
};

/** A task may be written a little later than its creation time says. */
const marginMs = 5 * 60 * 1000;
const batchSize = 100;

/** Tasks that the restore has changed in a way that somebody has to know about. */
export async function* changedTasks(
  client: DynamoDBClient,
  plan: Plan,
): AsyncGenerator<ChangedTask> {
  yield* lostTasks(client, plan);
  yield* redoneTasks(client, plan);
}

async function* lostTasks(
  client: DynamoDBClient,
  { moment, tables: { Tasks } }: Plan,
): AsyncGenerator<ChangedTask> {
  const recent = scanTasks(client, Tasks.from, Date.parse(moment) - marginMs);
  for await (const batch of inBatches(recent)) {
    const restored = await findTasks(client, Tasks.to, idsOf(batch));
    yield* batch.filter(({ id }) => !restored.has(id)).map((task) => toChanged(task, 'lost'));
  }
}

/** Tasks that the restored table has in an earlier state, if that makes a difference to somebody. */
async function* redoneTasks(
  client: DynamoDBClient,
  { tables: { Tasks } }: Plan,
): AsyncGenerator<ChangedTask> {
  for await (const batch of inBatches(scanTasks(client, Tasks.to))) {
    const before = await findTasks(client, Tasks.from, idsOf(batch));
    yield* batch.flatMap((restored) => {
      const task = before.get(restored.id);
      const change = task && changeOf(task, restored);
      return change ? [toChanged(task, change)] : [];
    });
  }
}

const idsOf = (tasks: readonly TaskRecord[]) => tasks.map(({ id }) => id);

function changeOf(before: TaskRecord, restored: TaskRecord): TaskChange | undefined {
  if (isDeleted(before)) return isDeleted(restored) ? undefined : 'deleted before';
  return isSubmittedAgain(before, restored) ? 'submitted again' : undefined;
}

/** Whether a provider has got the job of a task after the moment, so that the restored task does not have its ticket. */
export const isSubmittedAgain = (before: TaskRecord, restored: TaskRecord): boolean =>
  isOpen(restored) && ticketOf(before) !== null && ticketOf(restored) === null;

const ticketOf = (task: TaskRecord): string | null =>
  'ticket' in task ? (task.ticket ?? null) : null;

const accountOf = (task: TaskRecord): string => (isDeleted(task) ? task.owner : task.account);

const toChanged = (task: TaskRecord, change: TaskChange): ChangedTask => ({
  id: task.id,
  account: ownerOf(accountOf(task)),
  livemode: !isTestAccount(accountOf(task)),
  change,
  status: task.status,
  provider: task.provider ?? null,
  ticket: ticketOf(task),
  credits_reserved: toCredits(task.reserved),
  credits_used: toCredits('charged' in task ? task.charged : 0),
  created_at: Math.floor(task.createdAt / 1000),
});

async function* inBatches(tasks: AsyncIterable<TaskRecord>): AsyncGenerator<TaskRecord[]> {
  let batch: TaskRecord[] = [];
  for await (const task of tasks) {
    if (batch.push(task) < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** What the restore has undone, for the operator to do again. */
export type UndoneChange = {
  readonly account: string;
  readonly change:
    | 'account works again'
    | 'account is gone'
    | 'webhook secret is an older one'
    | 'key works again'
    | 'key is gone'
    | 'credits are undone';
  /** The id of the key, or of the entry of the ledger. */
  readonly id: string | null;
  /** The name of the key, or the note of the entry. */
  readonly name: string | null;
  readonly credits: number | null;
};

/**
 * What the operator and callers did after the moment: accounts and keys that were made, disabled or deleted, secrets that were
 * rotated, and credits that were granted or withdrawn.
 */
export async function undoneChanges(
  client: DynamoDBClient,
  { moment, tables }: Plan,
  now: number,
): Promise<readonly UndoneChange[]> {
  const since = Date.parse(moment) - marginMs;
  const [accounts, keys] = await Promise.all([
    readBoth(tables.Accounts, (table) => readAccounts(client, table, since)),
    readBoth(tables.Keys, (table) => readKeys(client, table, now)),
  ]);
  const missingCredits = [...accounts.before.credits].filter(
    ([id]) => !accounts.restored.credits.has(id),
  );
  return [
    ...undoneAccounts(accounts.before.accounts, accounts.restored.accounts),
    ...undoneKeys(keys.before.keys, keys.restored.keys),
    ...missingCredits.map(([, { account, entry }]) => ({
      account,
      change: 'credits are undone' as const,
      id: entry.id,
      name: entry.note ?? null,
      credits: toCredits(entry.amount),
    })),
  ];
}

async function readBoth<T>(
  { from, to }: Plan['tables']['Keys'],
  read: (table: string) => Promise<T>,
): Promise<{ readonly before: T; readonly restored: T }> {
  const [before, restored] = await Promise.all([read(from), read(to)]);
  return { before, restored };
}

const nothing = { id: null, name: null, credits: null };

const undoneAccounts = (
  before: ReadonlyMap<string, AccountState>,
  restored: ReadonlyMap<string, AccountState>,
): readonly UndoneChange[] =>
  [...before.values()].flatMap(({ account, isDisabled, webhookSecret }): UndoneChange[] => {
    const now = restored.get(account);
    if (!now) return [{ ...nothing, account, change: 'account is gone' }];
    const undone: UndoneChange['change'][] = [];
    if (isDisabled && !now.isDisabled) undone.push('account works again');
    if (webhookSecret !== now.webhookSecret) undone.push('webhook secret is an older one');
    return undone.map((change) => ({ ...nothing, account, change }));
  });

const undoneKeys = (
  before: ReadonlyMap<string, KeyState>,
  restored: ReadonlyMap<string, KeyState>,
): readonly UndoneChange[] => [
  ...[...restored.values()]
    .filter(({ keyId, isRefused }) => !isRefused && before.get(keyId)?.isRefused !== false)
    .map((key) => ofKey(key, 'key works again')),
  ...[...before.values()]
    .filter(({ keyId, isRefused }) => !isRefused && !restored.has(keyId))
    .map((key) => ofKey(key, 'key is gone')),
];

const ofKey = (
  { keyId, account, name }: KeyState,
  change: UndoneChange['change'],
): UndoneChange => ({ account, change, id: keyId, name, credits: null });

/** The tasks of the restored table that have not ended, and those of them that the reconciler checks next. */
export type OpenTasks = { readonly open: number; readonly due: number };

export async function countOpenTasks(
  client: DynamoDBClient,
  { tables }: Plan,
  now: number,
): Promise<OpenTasks> {
  let [open, due] = [0, 0];
  for await (const task of scanTasks(client, tables.Tasks.to)) {
    if (!isOpen(task)) continue;
    open += 1;
    if (task.nextCheckAt !== undefined && task.nextCheckAt <= now) due += 1;
  }
  return { open, due };
}
