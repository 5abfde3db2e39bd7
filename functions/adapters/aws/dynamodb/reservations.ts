import { randomInt } from 'node:crypto';
import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { IdempotencyRecord } from '../../../domain/billing/idempotency.ts';
import type {
  Ledger,
  ReserveFailure,
  ReserveResult,
  SpendingLimits,
  TaskKeyUsed,
} from '../../../domain/billing/ledger.ts';
import {
  type Amount,
  divide,
  placeTask,
  type Transfer,
  typicalTaskPrice,
} from '../../../domain/billing/shards.ts';
import { type BudgetName, budgetName, entryIdOf } from '../../../domain/model/account.ts';
import { dayIn } from '../../../domain/model/api-key.ts';
import { type BoundedMap, boundedMap } from '../../../domain/model/cache.ts';
import { expiryAttributes, type KeyOf } from '../../../domain/model/storage-names.ts';
import type { Pending, WithRequest } from '../../../domain/model/task.ts';
import { backOff } from './back-off.ts';
import { budgetIn, isOpen, openDay } from './budgets.ts';
import { addEntry } from './entries.ts';
import { withPlaceholders } from './expressions.ts';
import {
  findFirstRecord,
  type IdempotencyRow,
  putIdempotencyRecord,
  toIdempotencyRow,
} from './idempotency.ts';
import { toKey } from './key-table.ts';
import type { Row } from './rows.ts';
import {
  accountShardKey,
  budgetTransferChanges,
  type Compared,
  dayShardKey,
  firstRevision,
  isSame,
  keyShardKey,
  openTaskTransferChanges,
  readShards,
  type ShardChange,
  type ShardChanges,
  type ShardRows,
  shardActions,
  sumOf,
  transferChanges,
  valuesOf,
} from './shards.ts';
import { spreadAccount } from './spread-shards.ts';
import { toItem, toRequestItem } from './task-row.ts';
import { type Actions, maxActions, type Outcome, writeAll } from './transaction.ts';
import { updateExpression } from './update.ts';

// A task takes its price from one shard of its account, by additions whose conditions stand in the same write. So the
// money is right whatever was read before, and however many tasks are created at the same time. When two of them conflict on
// a shard, one takes another shard at once. Reads only decide which shards to try, and which error to return when no shard
// has enough. The first attempt reads nothing.

type Tables = {
  readonly accounts: string;
  readonly keys: string;
  readonly tasks: string;
  readonly idempotency: string;
};

const conditions = {
  taskIsNew: 'attribute_not_exists(#id)',
  dayIsNew: 'attribute_not_exists(#limit)',
  sameLimitOfDay: '#limit = :limitBefore',
  sameDailyLimit: '#dailyLimit = :dailyLimit',
};

/** After so many attempts, some five seconds, the caller should try again. */
export const maxAttempts = 30;
export const maxPauseMs = 400;

/** How long the rows of a day are kept, so that tasks of that day can still return the rest of their reservation to it. */
const dayRowTtlMs = 7 * 24 * 60 * 60 * 1000;

type Context = {
  readonly client: DynamoDBClient;
  readonly tables: Tables;
  /** How many shards an account had when this function last read it. An old number only means that fewer are used. */
  readonly shardCountCache: BoundedMap<number>;
  /** The shards in which a key with limits could pay when this function last read them. */
  readonly payingShardsCache: BoundedMap<readonly number[]>;
  /** The budget that an account had spent when this function last read it: it is not tried again. */
  readonly spentBudgetCache: BoundedMap<string>;
};

type Request = {
  readonly task: WithRequest<Pending>;
  readonly limits: SpendingLimits;
  readonly record: IdempotencyRecord | undefined;
};

/** What a task takes from: the limit of its key, that for a day; the credits, the open tasks and the budget of its account. */
type AmountName = 'total' | 'day' | 'credits' | 'tasks' | 'budget';

/** The shard for a task, by these limits of its key, and the transfers from other shards to it. */
type Placement = {
  readonly shard: number;
  readonly limits: SpendingLimits;
  /** Whether the task is beyond the daily budget of its account, which does not refuse it. */
  readonly isOverBudget: boolean;
  /** Whether all shards were read before. Then no shard of the key has a debt after the transfers. */
  readonly isRead: boolean;
  readonly transfers: { readonly [name in AmountName]?: readonly Transfer[] };
};

/** The part of the ledger that reserves the price of new tasks. */
export function reservations(client: DynamoDBClient, tables: Tables): Pick<Ledger, 'reserve'> {
  const context: Context = {
    client,
    tables,
    shardCountCache: boundedMap(),
    payingShardsCache: boundedMap(),
    spentBudgetCache: boundedMap(),
  };
  return { reserve: (task, limits, record) => reserve(context, { task, limits, record }) };
}

async function reserve(context: Context, request: Request): Promise<ReserveResult> {
  let placement: Placement | ReserveResult = isExhausted(context, request)
    ? await choosePlacement(context, request)
    : anyShard(context, request);
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    if ('state' in placement) return placement;
    const outcome = await writeAll(context.client, actionsOf(context.tables, request, placement));
    const result = resultOf(outcome, request.task, placement);
    if (result) return result;
    placement = await nextPlacement(context, request, {
      attempt,
      isConflict: outcome.state === 'transactionConflict',
    });
  }
  return (await firstResult(context, request)) ?? { state: 'busy' };
}

/** The result of a transaction. Undefined: another attempt may succeed. */
function resultOf(
  outcome: Outcome,
  { id }: Pending,
  { isOverBudget }: Placement,
): ReserveResult | undefined {
  if (outcome.state === 'written') {
    return { state: 'reserved', ...(isOverBudget && { isOverBudget }) };
  }
  const { failed } = outcome;
  if (failed.has('idempotency')) return replayOf(toIdempotencyRow(failed.get('idempotency')));
  if (failed.has('task')) throw new Error(`the task ${id} exists already`);
  return undefined;
}

/** The shard for the next attempt. */
async function nextPlacement(
  context: Context,
  request: Request,
  { attempt, isConflict }: { readonly attempt: number; readonly isConflict: boolean },
): Promise<Placement | ReserveResult> {
  if (isConflict && attempt === 1) return anyShard(context, request);
  // Conflicts of a key with limits are in the shards of that key, and more shards of the account do not help there.
  if (isConflict && !isLimited(request.limits)) await addShards(context, request.task);
  await backOff(attempt, maxPauseMs);
  return choosePlacement(context, request);
}

const isLimited = ({ totalLimit, dailyLimit }: SpendingLimits): boolean =>
  totalLimit !== undefined || dailyLimit !== undefined;

/**
 * Whether no shard of the key could pay when they were last read. Then a transaction would fail, and block the account's
 * other keys until it has failed.
 */
const isExhausted = ({ payingShardsCache }: Context, { task, limits }: Request): boolean =>
  isLimited(limits) && payingShardsCache.get(task.keyId)?.length === 0;

/** Any shard, without a read: the transaction is refused when the shard has too little. */
function anyShard(
  { shardCountCache, payingShardsCache, spentBudgetCache }: Context,
  request: Request,
): Placement {
  const { task, limits } = request;
  const count = shardCountCache.get(task.account) ?? limits.accountShards ?? 1;
  const paying = (isLimited(limits) && payingShardsCache.get(task.keyId)) || [];
  const shard =
    paying[randomInt(Math.max(1, paying.length))] ??
    randomInt(dividedIn(limits, task.reserved, count));
  const isOverBudget =
    limits.budget?.isLimit === false &&
    spentBudgetCache.get(task.account) === spentBudget(request, limits);
  return { shard, limits, isOverBudget, isRead: false, transfers: {} };
}

/** In how many shards, from the first one on, the limits of a key lie: small ones in fewer than the account has. */
const dividedIn = (
  { totalLimit, dailyLimit }: SpendingLimits,
  price: number,
  shards: number,
): number =>
  Math.min(
    totalLimit === undefined ? shards : divide(totalLimit, typicalTaskPrice, shards).length,
    dailyLimit === undefined ? shards : divide(dailyLimit, price, shards).length,
  );

/** Conflicts are frequent: the account gets more shards. */
const addShards = ({ client, tables }: Context, { account, reserved }: Pending): Promise<void> =>
  spreadAccount(client, tables.accounts, account, { price: reserved, because: 'conflict' });

// Choosing a shard by what all of them have.

/** How often the rows are read until a shard is found, or until two reads agree that there is none. */
export const maxPlacementReads = 12;

/** A shard that can pay, or why there is none. */
async function choosePlacement(
  context: Context,
  request: Request,
): Promise<Placement | ReserveResult> {
  let lacking: ReserveFailure | undefined;
  for (let reads = 0; reads < maxPlacementReads; reads += 1) {
    const rows = await readOwnerShards(context, request);
    const found = await decidePlacement(context, request, rows);
    if (found === 'retry') continue;
    if (!('failure' in found)) return found;
    // The rows are read one after the other, so the first read may have missed an amount that moved. The second read
    // proves the failure: if nothing was added in between, there never was more than the first one found. It compares
    // only the rows that the failure is about, because other tasks may use the others all the time.
    lacking = found.failure;
    const reread = await readOwnerShards(context, request);
    if (isSame(rows, reread, comparedFor[lacking.state])) {
      return (await firstResult(context, request)) ?? lacking;
    }
    await backOff(reads, maxPauseMs);
  }
  // Tasks begin and end all the time, and their number is a limit against mistakes: the caller tries again in any case.
  return lacking?.state === 'too_many_in_flight' ? lacking : { state: 'busy' };
}

const comparedFor: { readonly [state in ReserveFailure['state']]?: Compared } = {
  key_deleted: { lists: [] },
  key_exhausted: { lists: ['keyShards'], counter: 'additions' },
  key_exhausted_today: { lists: ['dayShards'], counter: 'additions' },
  over_budget: { lists: ['shards'], counter: 'additions' },
  insufficient: { lists: ['shards'], counter: 'additions' },
  too_many_in_flight: { lists: ['shards'] },
};

async function decidePlacement(
  context: Context,
  request: Request,
  rows: ShardRows,
): Promise<Found | 'retry'> {
  const key = rows.key && toKey(rows.key);
  if (!key) return { failure: { state: 'key_deleted' } };
  // If the key got a limit just now, this task ignores it: the rows of the limit were not read.
  const { totalLimit, dailyLimit, timeZone } = request.limits;
  const limits = {
    totalLimit: totalLimit === undefined ? undefined : key.totalLimit,
    dailyLimit: dailyLimit === undefined ? undefined : key.dailyLimit,
    timeZone,
    // The revision that was read with the request, before all shards. The key in these rows may be newer: its limit may
    // have changed between the reads of two shards, and then one of them has a debt that was not read.
    revision: request.limits.revision,
    budget: budgetIn(rows.account),
  };
  if (await openBudget(context, request, limits, rows)) return 'retry';
  if (await changeDay(context, request, limits, rows)) return 'retry';
  const found = placementIn(context, rows, request, limits);
  cachePayingShards(context, request, rows, { limits, found });
  if ('failure' in found) return found;
  return (await gather(context, request, found)) ? found : 'retry';
}

async function readOwnerShards(
  { client, tables, shardCountCache }: Context,
  request: Request,
): Promise<ShardRows> {
  const { account, keyId } = request.task;
  const { totalLimit, dailyLimit } = request.limits;
  const owner = {
    account,
    keyId,
    hasTotalLimit: totalLimit !== undefined,
    limitedOn: dailyLimit === undefined ? undefined : dayOf(request),
  };
  const rows = await readShards(client, tables, owner, shardCountCache.get(account));
  if (!rows) throw new Error(`the account ${account} does not exist`);
  shardCountCache.set(account, rows.shards.length);
  return rows;
}

/**
 * Caches the shards of a key with limits that can pay for a task without being read again: the next task tries them first.
 * The shard where this task goes is one of them.
 */
function cachePayingShards(
  { payingShardsCache }: Context,
  { task }: Request,
  { shards, keyShards, dayShards }: ShardRows,
  { limits, found }: { readonly limits: SpendingLimits; readonly found: Found },
): void {
  if (!isLimited(limits)) return;
  const isOpen = (row: Row | undefined): boolean =>
    row?.['revision'] === revisionOf(limits) && row['balance'] >= task.reserved;
  const paying = [...shards.keys()].filter(
    (shard) =>
      ('shard' in found && found.shard === shard) ||
      ((limits.totalLimit === undefined || isOpen(keyShards[shard])) &&
        (limits.dailyLimit === undefined || isOpen(dayShards[shard]))),
  );
  payingShardsCache.set(task.keyId, paying);
}

const revisionOf = ({ revision = firstRevision }: SpendingLimits): number => revision;

const dayOf = ({ task, limits }: Request): string => dayIn(limits.timeZone, task.createdAt);

/** The budget that a task takes from, if its account has one. */
const budgetOf = ({ task }: Request, { budget }: SpendingLimits): BudgetName | undefined =>
  budget && budgetName(budget, task.createdAt);

const spentBudget = (request: Request, limits: SpendingLimits): string =>
  `${budgetOf(request, limits)} ${limits.budget?.amount}`;

/** The first task of a day opens its budget. Returns whether the shards have to be read again. */
async function openBudget(
  { client, tables }: Context,
  request: Request,
  limits: SpendingLimits,
  rows: ShardRows,
): Promise<boolean> {
  const { budget } = limits;
  const name = budgetOf(request, limits);
  // A clock that is behind must not open an earlier day again.
  if (!budget || !name || isOpen(rows, name) || rows.shards[0]?.[name] !== undefined) return false;
  const { account, createdAt: at, reserved: price } = request.task;
  await openDay(client, tables.accounts, rows, { account, budget, at, price });
  return true;
}

type Found = Placement | { readonly failure: ReserveFailure };

function placementIn(
  { spentBudgetCache }: Context,
  rows: ShardRows,
  request: Request,
  limits: SpendingLimits,
): Found {
  const { task } = request;
  const budget = budgetOf(request, limits);
  const left = budget === undefined ? task.reserved : sumOf(rows.shards, budget);
  const isOverBudget = limits.budget?.isLimit === false && left < task.reserved;
  if (isOverBudget) spentBudgetCache.set(task.account, spentBudget(request, limits));
  const amounts = amountsOf(rows, task.reserved, limits, isOverBudget ? undefined : budget);
  const placement = placeTask(
    amounts.map(({ left, need }) => ({ left, need })),
    randomInt(rows.shards.length),
  );
  if ('lacking' in placement) {
    const lacking = amounts[placement.lacking]?.name;
    return { failure: failureOf(lacking, rows, limits, left) };
  }
  const transfers = amounts.map(({ name }, index) => [name, placement.transfers[index]]);
  const { shard } = placement;
  return { shard, limits, isOverBudget, isRead: true, transfers: Object.fromEntries(transfers) };
}

type NamedAmount = Amount & { readonly name: AmountName };

/** The amounts that a task takes from. The first one with too little left is reported. */
function amountsOf(
  { shards, keyShards, dayShards }: ShardRows,
  price: number,
  { totalLimit, dailyLimit }: SpendingLimits,
  budget: BudgetName | undefined,
): readonly NamedAmount[] {
  const amount = (name: AmountName, left: readonly number[], need = price) => [
    { name, left, need },
  ];
  return [
    ...(totalLimit === undefined ? [] : amount('total', valuesOf(keyShards, 'balance'))),
    ...(dailyLimit === undefined ? [] : amount('day', valuesOf(dayShards, 'balance'))),
    ...(budget === undefined ? [] : amount('budget', valuesOf(shards, budget))),
    ...amount('credits', valuesOf(shards, 'balance')),
    ...amount('tasks', valuesOf(shards, 'inFlightLeft'), 1),
  ];
}

function failureOf(
  name: AmountName | undefined,
  { account, shards, keyShards, dayShards }: ShardRows,
  { totalLimit = 0, dailyLimit = 0, budget }: SpendingLimits,
  budgetLeft: number,
): ReserveFailure {
  switch (name) {
    case 'total': {
      const [used, remaining] = [sumOf(keyShards, 'used'), sumOf(keyShards, 'balance')];
      return { state: 'key_exhausted', totalLimit, used, remaining };
    }
    case 'day':
      return {
        state: 'key_exhausted_today',
        dailyLimit,
        remaining: sumOf(dayShards, 'balance'),
      };
    case 'budget':
      return { state: 'over_budget', budget: budget?.amount ?? 0, remaining: budgetLeft };
    case 'tasks':
      return { state: 'too_many_in_flight', tasksInFlight: account['tasksAllowed'] };
    default:
      return { state: 'insufficient', balance: sumOf(shards, 'balance') };
  }
}

/**
 * Gives a day the daily limit that its key has now. When the day begins, the limit is divided among the shards. When the
 * limit has changed since, the first shard gets the difference, which may leave it with a debt. Returns whether the rows of
 * the day have to be read again.
 */
async function changeDay(
  { client, tables }: Context,
  request: Request,
  limits: SpendingLimits,
  { dayShards }: ShardRows,
): Promise<boolean> {
  const { dailyLimit } = limits;
  const limitBefore: number | undefined = dayShards[0]?.['limit'];
  if (dailyLimit === undefined || dailyLimit === limitBefore) return false;
  const { keyId, reserved, createdAt } = request.task;
  const [first = 0, ...others] =
    limitBefore === undefined
      ? divide(dailyLimit, reserved, dayShards.length)
      : [dailyLimit - limitBefore];
  const keyOf = (shard: number) => dayShardKey(keyId, dayOf(request), shard);
  const expiry = { [expiryAttributes.Keys]: dayTtl(createdAt) };
  // A new day has no debt.
  const revision = limitBefore === undefined ? revisionOf(limits) : undefined;
  await writeAll(client, {
    limit: {
      ConditionCheck: {
        TableName: tables.keys,
        Key: marshall({ keyId } satisfies KeyOf<'Keys'>),
        ...withPlaceholders({ ConditionExpression: conditions.sameDailyLimit }, { dailyLimit }),
      },
    },
    first: {
      Update: {
        TableName: tables.keys,
        Key: marshall(keyOf(0)),
        ...updateExpression({
          set: { limit: dailyLimit },
          setOnce: { ...expiry, revision },
          add: { granted: first, balance: first, changes: 1, additions: 1 },
          conditions: [limitBefore === undefined ? conditions.dayIsNew : conditions.sameLimitOfDay],
          values: { limitBefore },
        }),
      },
    },
    ...shardActions(
      'day',
      { table: tables.keys, keyOf, guarded: [], initial: { ...expiry, revision } },
      others.map((size, index) => [index + 1, { granted: size, balance: size }]),
    ),
  });
  return true;
}

const dayTtl = (createdAt: number): number => Math.ceil((createdAt + dayRowTtlMs) / 1000);

/** The two items of the task, its idempotency record, and its entry. */
const ownActions = 4;

/**
 * If more shards have to give and take than fit into the task's own transaction, the transfers of one amount are written
 * before. Returns whether the task can be written now.
 */
async function gather({ client, tables }: Context, request: Request, placement: Placement) {
  const actions = Object.keys(takeFromShards(tables, request, placement, true));
  const [longest] = Object.entries(placement.transfers).sort(([, a], [, b]) => b.length - a.length);
  if (!longest || actions.length <= maxActions - ownActions) return true;
  const transfers = Object.fromEntries([longest]);
  await writeAll(client, takeFromShards(tables, request, { ...placement, transfers }, false));
  return false;
}

// Writing.

function actionsOf(tables: Tables, request: Request, placement: Placement): Actions {
  const { task, record } = request;
  const { id: taskId, reserved, createdAt: at, account, keyId } = task;
  const { shard } = placement;
  const day = placement.limits.dailyLimit === undefined ? undefined : dayOf(request);
  const entry = { id: entryIdOf(at, `${taskId}-reserve`), at, amount: -reserved, taskId, keyId };
  return {
    task: addTask(tables, {
      ...task,
      reservedIn: { shard, day, budget: budgetOf(request, placement.limits) },
    }),
    request: { Put: { TableName: tables.tasks, Item: toRequestItem(taskId, task) } },
    idempotency: putIdempotencyRecord(tables.idempotency, record, { taskId }, at),
    entry: addEntry(tables.accounts, { account, shard }, { ...entry, kind: 'reserve' }),
    ...takeFromShards(tables, request, placement, true),
  };
}

const addTask = ({ tasks }: Pick<Tables, 'tasks'>, task: Pending): TransactWriteItem => ({
  Put: {
    TableName: tasks,
    Item: toItem(task),
    ...withPlaceholders({ ConditionExpression: conditions.taskIsNew }),
  },
});

/** The transfers to a task's shard, with or without what the task takes from there. */
function takeFromShards(
  { accounts, keys }: Tables,
  request: Request,
  { shard, limits, isRead, isOverBudget, transfers }: Placement,
  withTask: boolean,
): Actions {
  const { totalLimit, dailyLimit } = limits;
  const { account, keyId, reserved } = request.task;
  const taken = (change: ShardChange): ShardChanges => (withTask ? [[shard, change]] : []);
  const price = { balance: -reserved, reserved };
  const revision = { revision: revisionOf(limits) };
  const onShard = { shard, ...(isRead ? { set: revision } : { mustBe: revision }) };
  const budget = budgetOf(request, limits);
  return {
    ...shardActions(
      'shard',
      {
        table: accounts,
        keyOf: (one) => accountShardKey(account, one),
        guarded: ['balance', 'inFlightLeft', ...(budget && !isOverBudget ? [budget] : [])],
      },
      [
        ...transferChanges(transfers.credits),
        ...openTaskTransferChanges(transfers.tasks),
        ...(budget ? budgetTransferChanges(budget, transfers.budget) : []),
        ...taken({
          ...price,
          inFlight: 1,
          inFlightLeft: -1,
          ...(budget && { [budget]: -reserved }),
        }),
      ],
    ),
    ...shardActions(
      'key',
      {
        table: keys,
        keyOf: (one) => keyShardKey(keyId, one),
        // The balance of a key without a limit is negative: what the key has spent.
        guarded: totalLimit === undefined ? [] : ['balance'],
        ...(totalLimit !== undefined && withTask && { onShard }),
      },
      [...transferChanges(transfers.total), ...taken(price)],
    ),
    ...(dailyLimit !== undefined &&
      shardActions(
        'day',
        {
          table: keys,
          keyOf: (one) => dayShardKey(keyId, dayOf(request), one),
          guarded: ['balance'],
          initial: { [expiryAttributes.Keys]: dayTtl(request.task.createdAt) },
          ...(withTask && { onShard }),
        },
        [...transferChanges(transfers.day), ...taken({ balance: -reserved })],
      )),
  };
}

// Repeated requests.

/** The result of the first request with the same idempotency key, if there was one. */
async function firstResult(
  { client, tables }: Context,
  { task, record }: Request,
): Promise<TaskKeyUsed | undefined> {
  const first = await findFirstRecord(client, tables.idempotency, record, task.createdAt);
  return first && replayOf(first);
}

const replayOf = ({ taskId, requestHash }: IdempotencyRow): TaskKeyUsed => ({
  state: 'idempotency_key_used',
  taskId: String(taskId),
  requestHash,
});
