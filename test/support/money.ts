import type { Keys } from '../../functions/domain/accounts/authenticate.ts';
import type { IdempotencyRecord } from '../../functions/domain/billing/idempotency.ts';
import {
  type CreditResult,
  credit,
  type Ledger,
  type Posting,
  reserve,
  settle,
} from '../../functions/domain/billing/ledger.ts';
import {
  type Account,
  type Accounts,
  type Entry,
  type Funds,
  noFunds,
  type WebhookSecrets,
} from '../../functions/domain/model/account.ts';
import {
  type ApiKey,
  type ApiKeys,
  hashOfKey,
  keyIdOf,
  noSpending,
} from '../../functions/domain/model/api-key.ts';
import { isDeleted, isEnded, type TaskRecord } from '../../functions/domain/model/task.ts';
import { sampleKey, sampleTime } from './tasks.ts';

type StoredAccount = Account & { readonly secrets: WebhookSecrets };
/** A deleted key keeps its id taken, and is not found any more. */
type StoredKey = ApiKey & { readonly deleted?: true };

/** An idempotency record with what its request made: the id of a task, or a ledger entry. */
type StoredRecord = IdempotencyRecord & { readonly made: string | Entry };

export type Records = {
  readonly tasks: Map<string, TaskRecord>;
  readonly accounts: Map<string, StoredAccount>;
  readonly entries: (Entry & { readonly account: string })[];
  readonly keys: Map<string, StoredKey>;
  readonly idempotencyRecords: Map<string, StoredRecord>;
};

export const fundsOf = ({ granted, balance, reserved, used, inFlight, entries }: Funds): Funds => ({
  granted,
  balance,
  reserved,
  used,
  inFlight,
  entries,
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
  const posting = credit(accountOf(records, account), { account, amount, at: sampleTime });
  if (amount !== 0 && 'entry' in posting) write(records, account, posting);
}

function accountOf({ accounts }: Records, account: string): StoredAccount {
  const known = accounts.get(account);
  if (!known) throw new Error(`the account ${account} does not exist`);
  return known;
}

function write(records: Records, account: string, { funds, entry, spending }: Posting): void {
  records.accounts.set(account, { ...accountOf(records, account), ...funds });
  records.entries.push({ account, ...entry });
  const key = keyIn(records, entry.keyId ?? '');
  if (spending && key) records.keys.set(key.keyId, { ...key, ...spending });
}

const snapshotOf = (records: Records, account: string, keyId: string) => {
  const { limits, ...funds } = accountOf(records, account);
  return { funds: fundsOf(funds), limits, key: keyIn(records, keyId) };
};

function keyIn({ keys }: Records, keyId: string): ApiKey | undefined {
  const key = keys.get(keyId);
  return key?.deleted ? undefined : key;
}

export function memoryLedger(records: Records): Ledger {
  const { tasks, idempotencyRecords } = records;
  return {
    reserve: async (task, key) => {
      const snapshot = snapshotOf(records, task.account, task.keyId);
      const earlier = validRecordOf(records, key, task.createdAt);
      if (earlier) {
        return {
          state: 'idempotency_key_used',
          taskId: String(earlier.made),
          requestHash: earlier.requestHash,
        };
      }
      const posting = reserve(snapshot, task);
      if (!('entry' in posting)) return posting;
      if (tasks.has(task.id)) throw new Error(`the task ${task.id} exists already`);
      write(records, task.account, posting);
      if (key) idempotencyRecords.set(key.id, { ...key, made: task.id });
      tasks.set(task.id, task);
      return { state: 'reserved' };
    },
    settle: async (task) => {
      const earlier = tasks.get(task.id);
      if (!earlier || isDeleted(earlier) || isEnded(earlier)) return undefined;
      const posting = settle(snapshotOf(records, task.account, task.keyId), task);
      if (earlier.reserved !== task.reserved) {
        throw new Error(`settling ${task.id} was refused: ${earlier.reserved} is reserved`);
      }
      write(records, task.account, posting);
      tasks.set(task.id, task);
      return task;
    },
    credit: async (request, key) => {
      const known = records.accounts.get(request.account);
      if (!known) return { state: 'account_missing' };
      const earlier = validRecordOf(records, key, request.at);
      if (earlier) return creditedEarlier(earlier);
      const posting = credit(fundsOf(known), request);
      if (!('entry' in posting)) return posting;
      write(records, request.account, posting);
      if (key) idempotencyRecords.set(key.id, { ...key, made: posting.entry });
      return { state: 'credited', entry: posting.entry };
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
      const { secrets: _, ...account } = accountOf(records, key.account);
      return { key, account };
    },
  };
}

export function memoryAccounts(records: Records): Accounts {
  const { accounts } = records;
  const shown = ({ secrets: _, ...account }: StoredAccount): Account => account;
  return {
    add: async ({ webhookSecret, ...account }) => {
      if (accounts.has(account.account)) return false;
      accounts.set(account.account, {
        ...account,
        ...noFunds,
        secrets: { newest: webhookSecret },
      });
      return true;
    },
    find: async (account) => {
      const known = accounts.get(account);
      return known && shown(known);
    },
    list: async ({ limit, after = '' }) => {
      const left = [...accounts.values()]
        .filter(({ account }) => account > after)
        .sort((a, b) => (a.account < b.account ? -1 : 1))
        .map(shown);
      const page = left.slice(0, limit);
      return { accounts: page, next: left.length > limit ? page.at(-1)?.account : undefined };
    },
    change: async (account, { userGroup, limits = {} }) => {
      const known = accounts.get(account);
      if (!known) return undefined;
      const changed = {
        ...known,
        userGroup: userGroup ?? known.userGroup,
        limits: changedBy(known.limits, limits),
      };
      accounts.set(account, changed);
      return shown(changed);
    },
    entries: async (account, { limit, before = Number.POSITIVE_INFINITY }) => {
      const left = records.entries
        .filter((entry) => entry.account === account && entry.number < before)
        .sort((a, b) => b.number - a.number)
        .map(({ account: _, ...entry }) => entry);
      const page = left.slice(0, limit);
      return { entries: page, next: left.length > limit ? page.at(-1)?.number : undefined };
    },
    secrets: async (account) => accounts.get(account)?.secrets,
    rotateSecret: async (account, secret, until) => {
      const known = accounts.get(account);
      if (!known) return false;
      const previous = { secret: known.secrets.newest, until };
      accounts.set(account, { ...known, secrets: { newest: secret, previous } });
      return true;
    },
  };
}

export function memoryApiKeys(records: Records): ApiKeys {
  const { keys } = records;
  return {
    add: async (key) => {
      if (keys.has(key.keyId)) throw new Error('the key exists already');
      keys.set(key.keyId, key);
    },
    find: async (keyId) => keyIn(records, keyId),
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
  return { ...sampleKey(), ...noSpending, keyId: keyIdOf(hash), hash, ...more };
};
