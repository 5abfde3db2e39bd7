import {
  type Account,
  type Accounts,
  type Entry,
  type Funds,
  noFunds,
  type WebhookSecrets,
} from '../../functions/task/account.ts';
import {
  type ApiKey,
  type ApiKeys,
  hashOfKey,
  keyIdOf,
  noSpending,
} from '../../functions/task/api-key.ts';
import type { Keys } from '../../functions/task/identify.ts';
import { credit, type Movement, reserve, settle } from '../../functions/task/ledger.ts';
import type { Crediting, Ledger } from '../../functions/task/ports.ts';
import type { Remembered } from '../../functions/task/remember.ts';
import { isEnded, type Task } from '../../functions/task/task.ts';
import { sampleKey, sampleTime } from './tasks.ts';

type Known = Account & { readonly secrets: WebhookSecrets };
/** A key that was deleted leaves its place taken, and is no key any more. */
type Kept = ApiKey & { readonly deleted?: true };

/** What is remembered of a request: the id of its task, or the entry of its credits. */
type Before = Remembered & { readonly made: string | Entry };

export type Records = {
  readonly tasks: Map<string, Task>;
  readonly accounts: Map<string, Known>;
  readonly entries: (Entry & { readonly account: string })[];
  readonly keys: Map<string, Kept>;
  readonly remembered: Map<string, Before>;
};

export const fundsOf = ({ granted, balance, reserved, used, inFlight, entries }: Funds): Funds => ({
  ...{ granted, balance, reserved, used, inFlight, entries },
});

/** Credits without a ledger's formalities; the account and the key of the samples are made on the way. */
export function grant(records: Records, account: string, amount: number): void {
  if (!records.accounts.has(account)) {
    records.accounts.set(account, {
      ...{ account, userGroup: 'default', limits: {}, createdAt: sampleTime, ...noFunds },
      secrets: { newest: 'whsec_first' },
    });
  }
  const key = sampleKey({ account });
  if (!records.keys.has(key.keyId)) records.keys.set(key.keyId, key);
  const movement = credit(accountOf(records, account), { account, amount, at: sampleTime });
  if (amount !== 0 && 'entry' in movement) write(records, account, movement);
}

function accountOf({ accounts }: Records, account: string): Known {
  const known = accounts.get(account);
  if (!known) throw new Error(`the account ${account} is not there`);
  return known;
}

function write(records: Records, account: string, { funds, entry, spending }: Movement): void {
  records.accounts.set(account, { ...accountOf(records, account), ...funds });
  records.entries.push({ account, ...entry });
  const key = keyIn(records, entry.keyId ?? '');
  if (spending && key) records.keys.set(key.keyId, { ...key, ...spending });
}

const booksOf = (records: Records, account: string, keyId: string) => {
  const { limits, ...funds } = accountOf(records, account);
  return { funds: fundsOf(funds), limits, key: keyIn(records, keyId) };
};

function keyIn({ keys }: Records, keyId: string): ApiKey | undefined {
  const key = keys.get(keyId);
  return key?.deleted ? undefined : key;
}

export function memoryLedger(records: Records): Ledger {
  const { tasks, remembered } = records;
  return {
    open: async (task, key) => {
      const books = booksOf(records, task.account, task.keyId);
      const before = rememberedAt(records, key, task.createdAt);
      if (before) {
        return {
          state: 'remembered',
          taskId: String(before.made),
          requestHash: before.requestHash,
        };
      }
      const movement = reserve(books, task);
      if (!('entry' in movement)) return movement;
      if (tasks.has(task.id)) throw new Error(`${task.id} is there already`);
      write(records, task.account, movement);
      if (key) remembered.set(key.id, { ...key, made: task.id });
      tasks.set(task.id, task);
      return { state: 'opened' };
    },
    settle: async (task) => {
      const before = tasks.get(task.id);
      if (!before || isEnded(before)) return undefined;
      const movement = settle(booksOf(records, task.account, task.keyId), task);
      if (before.reserved !== task.reserved) {
        throw new Error(`settling ${task.id} was refused: ${before.reserved} is set aside`);
      }
      write(records, task.account, movement);
      tasks.set(task.id, task);
      return task;
    },
    credit: async (order, key) => {
      const known = records.accounts.get(order.account);
      if (!known) return { state: 'no-account' };
      const before = rememberedAt(records, key, order.at);
      if (before) return creditedBefore(before);
      const movement = credit(fundsOf(known), order);
      if (!('entry' in movement)) return movement;
      write(records, order.account, movement);
      if (key) remembered.set(key.id, { ...key, made: movement.entry });
      return { state: 'credited', entry: movement.entry };
    },
  };
}

const creditedBefore = ({ made, requestHash }: Before): Crediting => ({
  ...{ state: 'remembered', requestHash },
  ...(typeof made === 'object' && { entry: made }),
});

// The table counts in seconds, and a key that is over counts as absent.
function rememberedAt({ remembered }: Records, key: Remembered | undefined, at: number) {
  const before = key && remembered.get(key.id);
  if (!before || Math.ceil(before.expiresAt / 1000) < Math.floor(at / 1000)) return undefined;
  return before;
}

/** The way a caller is found, and what was asked on it. */
export function memoryKeys(records: Records): Keys & { readonly asked: readonly string[] } {
  const asked: string[] = [];
  return {
    asked,
    find: async (hash) => {
      asked.push(hash);
      const key = keyIn(records, keyIdOf(hash));
      if (key?.hash !== hash) return undefined;
      const { secrets: _, ...account } = accountOf(records, key.account);
      return { key, account };
    },
  };
}

export function memoryAccounts(records: Records): Accounts {
  const { accounts } = records;
  const shown = ({ secrets: _, ...account }: Known): Account => account;
  return {
    add: async ({ webhookSecret, ...account }) => {
      if (accounts.has(account.account)) return false;
      accounts.set(account.account, {
        ...{ ...account, ...noFunds, secrets: { newest: webhookSecret } },
      });
      return true;
    },
    find: async (account) => {
      const known = accounts.get(account);
      return known && shown(known);
    },
    list: async ({ limit, behind = '' }) => {
      const left = [...accounts.values()]
        .filter(({ account }) => account > behind)
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
      if (keys.has(key.keyId)) throw new Error('the key is there already');
      keys.set(key.keyId, key);
    },
    find: async (keyId) => keyIn(records, keyId),
    list: async (account, { limit, behind }) => {
      const left = [...keys.values()]
        .filter((key) => key.account === account && !key.deleted)
        .sort((a, b) => b.createdAt - a.createdAt || (a.keyId < b.keyId ? 1 : -1))
        .filter(
          ({ createdAt, keyId }) =>
            !behind ||
            createdAt < behind.createdAt ||
            (createdAt === behind.createdAt && keyId < behind.id),
        );
      const page = left.slice(0, limit);
      const last = page.at(-1);
      const next = last && { id: last.keyId, createdAt: last.createdAt };
      return { keys: page, next: left.length > limit ? next : undefined };
    },
    change: async (keyId, change) => {
      const key = keyIn(records, keyId);
      if (!key) return undefined;
      const changed = changedBy(key, change);
      keys.set(keyId, changed);
      return changed;
    },
    remove: async (keyId) => {
      const key = keyIn(records, keyId);
      if (key) keys.set(keyId, { ...key, deleted: true });
      return key !== undefined;
    },
  };
}

/** `null` takes away what it stands for, as REMOVE does; `undefined` leaves it alone. */
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
