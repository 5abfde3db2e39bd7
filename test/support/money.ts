import type { Keys } from '../../functions/domain/accounts/authenticate.ts';
import type { IdempotencyRecord } from '../../functions/domain/billing/idempotency.ts';
import type {
  CreditResult,
  Ledger,
  ReserveFailure,
  SpendingLimits,
} from '../../functions/domain/billing/ledger.ts';
import {
  afterPosition,
  endOfPositions,
  sumUsage,
  type Usage,
  type UsageRange,
  type UsageStore,
  usageOf,
  usagePosition,
} from '../../functions/domain/billing/usage.ts';
import {
  type Account,
  type AccountChange,
  type Accounts,
  budgetName,
  type DailyBudget,
  defaultLimits,
  type Entry,
  entryIdOf,
  type Funds,
  noFunds,
  type WebhookSecrets,
} from '../../functions/domain/model/account.ts';
import {
  type ApiKey,
  type ApiKeys,
  dayIn,
  hashOfKey,
  keyIdOf,
  type Spending,
} from '../../functions/domain/model/api-key.ts';
import {
  accountIn,
  isTestAccount,
  ownerOf,
  testLimits,
} from '../../functions/domain/model/mode.ts';
import {
  type CallbackAttempt,
  type DeletedTask,
  isDeleted,
  isEnded,
  type Pending,
  requestOf,
  type Task,
  type TaskState,
} from '../../functions/domain/model/task.ts';
import { omit } from './omit.ts';
import { sampleKey, sampleTime } from './tasks.ts';

type StoredAccount = Account & {
  readonly secrets: WebhookSecrets;
  readonly lastBudget?: DailyBudget | undefined;
};
/** A deleted key keeps its id taken, and is not found any more. */
type StoredKey = ApiKey & { readonly deleted?: true };

/** An idempotency record with what its request made: the id of a task, or a ledger entry. */
type StoredRecord = IdempotencyRecord & { readonly made: string | Entry };

/** A task in memory: its state with its request, or the rest of a deleted task. */
export type StoredTask = Task | DeletedTask;

export type Records = {
  readonly tasks: Map<string, StoredTask>;
  /** The attempts to deliver callbacks, by the ids of their tasks. */
  readonly attempts: Map<string, readonly CallbackAttempt[]>;
  readonly accounts: Map<string, StoredAccount>;
  readonly entries: (Entry & { readonly account: string })[];
  readonly keys: Map<string, StoredKey>;
  readonly idempotencyRecords: Map<string, StoredRecord>;
};

export const fundsOf = ({ granted, balance, reserved, used, inFlight }: Funds): Funds => ({
  granted,
  balance,
  reserved,
  used,
  inFlight,
});

/** Grants credits directly, and creates the account and its sample key when there are none. */
export function grant(records: Records, account: string, amount: number): void {
  if (!records.accounts.has(account)) {
    records.accounts.set(account, {
      account,
      userGroup: 'default',
      limits: {},
      createdAt: sampleTime,
      ...noFunds,
      secrets: { newest: 'whsec_first' },
    });
  }
  const key = sampleKey({ account });
  if (!records.keys.has(key.keyId)) records.keys.set(key.keyId, key);
  if (amount === 0) return;
  move(records, account, { granted: amount, balance: amount });
  addEntry(records, account, 'granted', { kind: 'grant', at: sampleTime, amount });
}

function accountOf({ accounts }: Records, account: string): StoredAccount {
  const known = accounts.get(account);
  if (!known) throw new Error(`the account ${account} does not exist`);
  return known;
}

function move(records: Records, account: string, change: Partial<Funds>): void {
  const known = accountOf(records, account);
  const funds = fundsOf(known);
  const sums = Object.entries(change).map(([name, size]) => [
    name,
    funds[name as keyof Funds] + size,
  ]);
  records.accounts.set(account, { ...known, ...Object.fromEntries(sums) });
}

function addEntry(
  { entries }: Records,
  account: string,
  what: string,
  entry: Omit<Entry, 'id'>,
): Entry {
  // Entries of the same millisecond are told apart, and sorted, by their number.
  const number = String(entries.length + 1).padStart(6, '0');
  const added = { id: entryIdOf(entry.at, `${number}-${what}`), ...entry };
  entries.push({ account, ...added });
  return added;
}

function keyIn({ keys }: Records, keyId: string): ApiKey | undefined {
  const key = keys.get(keyId);
  return key?.deleted ? undefined : key;
}

const spent = (task: TaskState): number => (isEnded(task) ? task.charged : task.reserved);
const sum = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0);

/** What was spent through a key, by its tasks. */
function spendingOf(records: Records, key: ApiKey, at: number): Spending {
  const tasks = [...records.tasks.values()].flatMap((task) =>
    !isDeleted(task) && task.keyId === key.keyId ? [task] : [],
  );
  const today = tasks.filter(
    ({ createdAt }) => dayIn(key.timeZone, createdAt) === dayIn(key.timeZone, at),
  );
  return {
    reserved: sum(tasks, (task) => (isEnded(task) ? 0 : task.reserved)),
    used: sum(tasks, (task) => (isEnded(task) ? task.charged : 0)),
    ...(key.dailyLimit !== undefined && { today: sum(today, spent) }),
  };
}

function failureOf(
  records: Records,
  { account, keyId, reserved: price, createdAt }: Pending,
  { timeZone }: SpendingLimits,
): ReserveFailure | undefined {
  const { balance, inFlight, limits, budget } = accountOf(records, account);
  const key = keyIn(records, keyId);
  if (!key) return { state: 'key_deleted' };
  const { totalLimit = Number.POSITIVE_INFINITY, dailyLimit = Number.POSITIVE_INFINITY } = key;
  const { used, reserved, today = 0 } = spendingOf(records, { ...key, timeZone }, createdAt);
  const remaining = totalLimit - used - reserved;
  if (remaining < price) return { state: 'key_exhausted', totalLimit, used, remaining };
  if (dailyLimit - today < price) {
    return { state: 'key_exhausted_today', dailyLimit, remaining: dailyLimit - today };
  }
  const left = budgetLeft(records, account, createdAt);
  if (budget?.isLimit && left < price) {
    return { state: 'over_budget', budget: budget.amount, remaining: left };
  }
  if (balance < price) return { state: 'insufficient', balance };
  const { tasksInFlight = defaultLimits.tasksInFlight } = limits;
  return inFlight < tasksInFlight ? undefined : { state: 'too_many_in_flight', tasksInFlight };
}

/** What is left of the budget of an account, by the tasks that took from it. */
function budgetLeft({ tasks, accounts }: Records, account: string, at: number): number {
  const budget = accounts.get(account)?.budget;
  if (!budget) return Number.POSITIVE_INFINITY;
  const name = budgetName(budget, at);
  const took = [...tasks.values()].flatMap((task) =>
    !isDeleted(task) && task.account === account && task.reservedIn?.budget === name ? [task] : [],
  );
  return budget.amount - sum(took, spent);
}

/** The usage, computed from the tasks that have ended. */
export const memoryUsage = ({ tasks }: Records): UsageStore => ({
  page: async (account, { from, to, limit }) => {
    const ended = [...tasks.values()].flatMap((task) =>
      !isDeleted(task) && isEnded(task) && task.account === account ? [usageOf(task)] : [],
    );
    return usagePageOf(sumUsage(ended), { from, to, limit });
  },
});

/** A page of rows that are in the order of their positions. */
export function usagePageOf(
  rows: readonly Usage[],
  { from, to, limit }: UsageRange,
): { readonly rows: readonly Usage[]; readonly next?: string | undefined } {
  const left = rows.filter((row) => {
    const position = usagePosition(row);
    return from <= position && position <= endOfPositions(to);
  });
  const [page, last] = [left.slice(0, limit), left[limit - 1]];
  return {
    rows: page,
    next: left.length > limit && last ? afterPosition(usagePosition(last)) : undefined,
  };
}

export function memoryLedger(records: Records): Ledger {
  const { tasks, idempotencyRecords } = records;
  return {
    reserve: async (task, limits, key) => {
      const { account, keyId, reserved, createdAt } = task;
      const earlier = validRecordOf(records, key, createdAt);
      if (earlier) {
        return {
          state: 'idempotency_key_used',
          taskId: String(earlier.made),
          requestHash: earlier.requestHash,
        };
      }
      const failure = failureOf(records, task, limits);
      if (failure) return failure;
      if (tasks.has(task.id)) throw new Error(`the task ${task.id} exists already`);
      const { budget } = accountOf(records, account);
      const isOverBudget = budgetLeft(records, account, createdAt) < reserved;
      move(records, account, { balance: -reserved, reserved, inFlight: 1 });
      const entry = { at: createdAt, amount: -reserved, taskId: task.id, keyId };
      addEntry(records, account, `${task.id}-reserve`, { ...entry, kind: 'reserve' });
      if (key) idempotencyRecords.set(key.id, { ...key, made: task.id });
      tasks.set(task.id, {
        ...task,
        ...(budget && { reservedIn: { shard: 0, budget: budgetName(budget, createdAt) } }),
      });
      return { state: 'reserved', ...(isOverBudget && { isOverBudget }) };
    },
    refill: async ({ account, at, day, upTo, newAccount: { webhookSecret, ...newAccount } }) => {
      const known = records.accounts.get(account) ?? {
        ...newAccount,
        ...noFunds,
        secrets: { newest: webhookSecret },
      };
      if (known.refilledOn !== undefined && known.refilledOn >= day) return true;
      const amount = Math.max(0, upTo - known.balance);
      records.accounts.set(account, { ...known, refilledOn: day });
      if (amount === 0) return true;
      move(records, account, { granted: amount, balance: amount });
      addEntry(records, account, `play-${day}`, { kind: 'grant', at, amount });
      return true;
    },
    settle: async (task) => {
      const { id, account, keyId, reserved, charged, finishedAt } = task;
      const earlier = tasks.get(id);
      if (!earlier || isDeleted(earlier) || isEnded(earlier)) return undefined;
      if (earlier.reserved !== reserved) {
        throw new Error(`settling ${id} was refused: ${earlier.reserved} is reserved`);
      }
      const returned = reserved - charged;
      move(records, account, {
        balance: returned,
        reserved: -reserved,
        used: charged,
        inFlight: -1,
      });
      const entry = { at: finishedAt, amount: returned, charged, taskId: id, keyId };
      addEntry(records, account, `${id}-settle`, { ...entry, kind: 'settle' });
      tasks.set(id, { ...requestOf(earlier), ...task });
      return task;
    },
    credit: async ({ account, amount, at, keyId, note }, key) => {
      const known = records.accounts.get(account);
      if (!known) return { state: 'account_missing' };
      const earlier = validRecordOf(records, key, at);
      if (earlier) return creditedEarlier(earlier);
      if (known.balance + amount < 0) return { state: 'insufficient', balance: known.balance };
      move(records, account, { granted: amount, balance: amount });
      const kind = amount < 0 ? 'withdraw' : 'grant';
      const entry = addEntry(records, account, 'credit', { kind, at, amount, keyId, note });
      if (key) idempotencyRecords.set(key.id, { ...key, made: entry });
      return { state: 'credited', entry };
    },
  };
}

const creditedEarlier = ({ made, requestHash }: StoredRecord): CreditResult => ({
  state: 'idempotency_key_used',
  requestHash,
  ...(typeof made === 'object' && { entry: made }),
});

// The table counts in seconds, and an expired record counts as absent.
function validRecordOf(
  { idempotencyRecords }: Records,
  key: IdempotencyRecord | undefined,
  at: number,
) {
  const earlier = key && idempotencyRecords.get(key.id);
  if (!earlier || Math.ceil(earlier.expiresAt / 1000) < Math.floor(at / 1000)) return undefined;
  return earlier;
}

/** The keys as authentication finds them, and the hashes that were looked up. */
export function memoryKeys(records: Records): Keys & { readonly lookups: readonly string[] } {
  const lookups: string[] = [];
  return {
    lookups,
    find: async (hash) => {
      lookups.push(hash);
      const key = keyIn(records, keyIdOf(hash));
      if (key?.hash !== hash) return undefined;
      const owner = omit(accountOf(records, key.account), 'secrets', 'lastBudget');
      if (key.mode !== 'test') return { key, account: owner };
      const { refilledOn } = records.accounts.get(accountIn(key.mode, key.account)) ?? {};
      const { userGroup, disabled } = owner;
      return { key, account: { userGroup, disabled, limits: testLimits, refilledOn } };
    },
  };
}

export function memoryAccounts(records: Records): Accounts {
  const { accounts } = records;
  const shown = (account: StoredAccount): Account => omit(account, 'secrets', 'lastBudget');
  return {
    add: async ({ webhookSecret, dailyBudget, stopAtBudget = false, ...account }) => {
      if (accounts.has(account.account)) return false;
      accounts.set(account.account, {
        ...account,
        ...noFunds,
        ...(dailyBudget !== undefined && {
          budget: { amount: dailyBudget, isLimit: stopAtBudget, epoch: 1 },
        }),
        secrets: { newest: webhookSecret },
      });
      return true;
    },
    find: async (account) => {
      const known = accounts.get(account);
      return known && shown(known);
    },
    exists: async (account) => accounts.has(account),
    list: async ({ limit, after = '' }) => {
      const left = [...accounts.values()]
        .filter(({ account }) => account > after && !isTestAccount(account))
        .sort((a, b) => (a.account < b.account ? -1 : 1))
        .map(shown);
      const page = left.slice(0, limit);
      return { accounts: page, next: left.length > limit ? page.at(-1)?.account : undefined };
    },
    change: async (account, { userGroup, limits = {}, ...others }) => {
      const known = accounts.get(account);
      if (!known) return undefined;
      const changed = {
        ...known,
        userGroup: userGroup ?? known.userGroup,
        limits: changedBy(known.limits, limits),
        disabled: (others.disabled ?? known.disabled) || undefined,
        ...budgetAfter(known, others),
      };
      accounts.set(account, changed);
      return shown(changed);
    },
    entries: async (account, { limit, before }) => {
      const left = records.entries
        .filter((entry) => entry.account === account && (!before || entry.id < before.id))
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .map((entry) => omit(entry, 'account'));
      let balance = before ? before.balance : accounts.get(account)?.balance;
      const entries = left.slice(0, limit).map((entry) => {
        const after = balance;
        balance = after === undefined ? undefined : after - entry.amount;
        return { ...entry, balance: after };
      });
      const last = entries.at(-1);
      return { entries, next: left.length > limit && last ? { id: last.id, balance } : undefined };
    },
    secrets: async (account) => accounts.get(ownerOf(account))?.secrets,
    rotateSecret: async (account, secret, until) => {
      const known = accounts.get(account);
      if (!known) return false;
      const previous = { secret: known.secrets.newest, until };
      accounts.set(account, { ...known, secrets: { newest: secret, previous } });
      return true;
    },
  };
}

/** The budget after a change; a budget that is not in use is kept, as in the table. */
function budgetAfter(
  { budget, lastBudget }: StoredAccount,
  { dailyBudget, stopAtBudget }: AccountChange,
): Pick<StoredAccount, 'budget' | 'lastBudget'> {
  const { isLimit = false, epoch = 0 } = budget ?? lastBudget ?? {};
  const next = {
    amount: dailyBudget ?? budget?.amount ?? 0,
    isLimit: stopAtBudget ?? isLimit,
    epoch: typeof dailyBudget === 'number' && !budget ? epoch + 1 : epoch,
  };
  const has = dailyBudget === undefined ? budget !== undefined : dailyBudget !== null;
  return { budget: has ? next : undefined, lastBudget: next };
}

export function memoryApiKeys(records: Records): ApiKeys {
  const { keys } = records;
  return {
    add: async (key) => {
      if (keys.has(key.keyId)) throw new Error('the key exists already');
      keys.set(key.keyId, key);
    },
    find: async (keyId) => keyIn(records, keyId),
    names: async (keyIds) =>
      new Map(
        keyIds.flatMap((keyId) => {
          const name = keys.get(keyId)?.name;
          return name === undefined ? [] : [[keyId, name] as const];
        }),
      ),
    spending: async (some) =>
      new Map(some.map((key) => [key.keyId, spendingOf(records, key, sampleTime)])),
    list: async (account, { limit, after }) => {
      const left = [...keys.values()]
        .filter((key) => key.account === account && !key.deleted)
        .sort((a, b) => b.createdAt - a.createdAt || (a.keyId < b.keyId ? 1 : -1))
        .filter(
          ({ createdAt, keyId }) =>
            !after ||
            createdAt < after.createdAt ||
            (createdAt === after.createdAt && keyId < after.id),
        );
      const page = left.slice(0, limit);
      const last = page.at(-1);
      const next = last && { id: last.keyId, createdAt: last.createdAt };
      return { keys: page, next: left.length > limit ? next : undefined };
    },
    change: async (keyId, change, since) => {
      const key = keyIn(records, keyId);
      if (!key) return undefined;
      if (since && since.revision !== key.revision) return 'changed_meanwhile';
      const changed = { ...changedBy(key, change), revision: (key.revision ?? 0) + 1 };
      keys.set(keyId, changed);
      return changed;
    },
    remove: async (keyId, since) => {
      const key = keyIn(records, keyId);
      if (!key) return false;
      if (since && since.revision !== key.revision) return 'changed_meanwhile';
      keys.set(keyId, { ...key, deleted: true });
      return true;
    },
  };
}

/** `null` removes a field, as REMOVE does; `undefined` leaves it alone. */
const changedBy = <T extends object>(record: T, change: object): T =>
  Object.fromEntries(
    Object.entries({
      ...record,
      ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)),
    }).filter(([, value]) => value !== null),
  ) as T; // the names are those of the record, and what is taken away may be absent

/** The key a test's callers use, when its text matters. */
export const keyFor = (apiKey: string, more: Partial<ApiKey> = {}): ApiKey => {
  const hash = hashOfKey(apiKey);
  return { ...sampleKey(), keyId: keyIdOf(hash), hash, ...more };
};
