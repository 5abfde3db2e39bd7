import { createHash } from 'node:crypto';
import type { DailyBudget } from './account.ts';
import type { AuditEntry } from './audit.ts';
import { type CursorKey, keyIdDigits } from './ids.ts';
import type { Mode } from './mode.ts';

/** What a key may do; see `includedScopes`. */
export const scopes = ['read', 'generate', 'manage', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** The scopes that a scope gives. Only `generate` spends credits. */
const includedScopes: { readonly [scope in Scope]: readonly Scope[] } = {
  /** The account's tasks, results, credits, and the models. */
  read: ['read'],
  /** Creates, uploads, cancels, and sends callbacks again. */
  generate: ['read', 'generate'],
  /** The keys and the webhook secret of its own account, and test events to its receivers. */
  manage: ['read', 'manage'],
  /** The operator: keys, secrets, limits and credits of every account. */
  admin: ['read', 'manage', 'admin'],
};

/** Whether a key with these scopes may do what `wanted` is for. */
export const hasScope = (held: readonly Scope[], wanted: Scope): boolean =>
  held.some((scope) => includedScopes[scope].includes(wanted));

/** What a test key can have: nobody manages anything in test mode. */
export const testScopes: ReadonlySet<Scope> = new Set<Scope>(['read', 'generate']);

/** The longest name of a key, in code points, and the most models that it may be limited to. */
export const keyLimits = { name: 100, models: 100 };

/** What was spent through a key, in milli-credits. */
export type Spending = {
  /** Reserved for tasks that have not ended. */
  readonly reserved: number;
  readonly used: number;
  /**
   * What counts against the daily limit since midnight: reserved, or charged for tasks of today. Absent without such a
   * limit.
   */
  readonly today?: number | undefined;
};

export const noSpending: Spending = { reserved: 0, used: 0 };

/** An API key as it is stored: its hash, and never the key itself. */
export type ApiKey = {
  readonly keyId: string;
  readonly hash: string;
  readonly lastFour: string;
  /** The account that it belongs to; in test mode it acts on the test side of it. */
  readonly account: string;
  /** Fixed for ever; absent: live. */
  readonly mode?: Mode | undefined;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
  /** In milli-credits; the daily limit is reset at midnight in `timeZone`. */
  readonly totalLimit?: number | undefined;
  readonly dailyLimit?: number | undefined;
  readonly timeZone: string;
  readonly allowedModels?: readonly string[] | undefined;
  /**
   * What a key with the scope `manage` may change of this one, beside its name and whether it works. Absent:
   * nothing, because the operator made the key.
   */
  readonly managedFields?: readonly ManagedField[] | undefined;
  /** Whether the operator has disabled it: then only the operator enables it. */
  readonly disabledByOperator?: boolean | undefined;
  /** A session of the operator in the console: it ends when it is idle. */
  readonly isSession?: true | undefined;
  /** How often it was changed; absent: never. */
  readonly revision?: number | undefined;
};

/** What limits a key. */
export const managedFields = [
  'scopes',
  'expiresAt',
  'totalLimit',
  'dailyLimit',
  'timeZone',
  'allowedModels',
] as const;
export type ManagedField = (typeof managedFields)[number];

/** The changeable fields of a key; `null` removes a limit. */
export type KeyChange = {
  readonly [name in
    | 'expiresAt'
    | 'totalLimit'
    | 'dailyLimit'
    | 'allowedModels'
    | 'disabledByOperator']?: NonNullable<ApiKey[name]> | null | undefined;
} & {
  readonly [name in 'name' | 'enabled' | 'scopes' | 'timeZone' | 'managedFields']?:
    | ApiKey[name]
    | undefined;
};

/** The key was changed by somebody else since it was read, and nothing was written. */
export type ChangedMeanwhile = 'changed_meanwhile';

/**
 * The store of API keys. Only the ledger changes what is spent. A change and its audit entry are written together, or not
 * at all.
 */
export type ApiKeys = {
  /** @throws {Error} when there is a key of this id */
  add(key: ApiKey, entry?: AuditEntry): Promise<void>;
  find(keyId: string): Promise<ApiKey | undefined>;
  /** The names of these keys by their ids, also of deleted ones. */
  names(keyIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** What was spent through these keys, which belong to one account, by their ids. */
  spending(keys: readonly ApiKey[]): Promise<ReadonlyMap<string, Spending>>;
  /** The keys of an account, the newest first. */
  list(
    account: string,
    options: { readonly limit: number; readonly after?: CursorKey | undefined },
  ): Promise<{ readonly keys: readonly ApiKey[]; readonly next?: CursorKey | undefined }>;
  /**
   * With `since`, the key as it was read: only if nobody has changed it in the meantime. `undefined`: there is no such
   * key.
   */
  change(
    keyId: string,
    change: KeyChange,
    since?: ApiKey,
    entry?: AuditEntry,
  ): Promise<ApiKey | ChangedMeanwhile | undefined>;
  /**
   * Deletes a key; tasks that were created with it go on. `false`: there was no such key. With `since`, the key as it was
   * read: only if nobody has changed it in the meantime.
   */
  remove(keyId: string, since?: ApiKey, entry?: AuditEntry): Promise<boolean | ChangedMeanwhile>;
};

export const hashOfKey = (apiKey: string): string =>
  createHash('sha256').update(apiKey).digest('hex');

/** The id of a key is the beginning of its hash, so that one read by id finds the key. */
export const keyIdOf = (hash: string): string => `key-${hash.slice(0, keyIdDigits)}`;

/** The date of a moment in this time zone, like 2026-11-22. */
export const dayIn = (timeZone: string, at: number): string =>
  new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(at);

/** The caller of a request, found by its API key. */
export type Caller = {
  readonly keyId: string;
  readonly keyName: string;
  /** Of a test key: the test side of its account. */
  readonly account: string;
  readonly userGroup: string;
  readonly scopes: readonly Scope[];
  /** Every model when absent. */
  readonly allowedModels?: readonly string[] | undefined;
  /** The limits of the key: a key made with it gets no higher ones. */
  readonly expiresAt?: number | undefined;
  readonly totalLimit?: number | undefined;
  readonly dailyLimit?: number | undefined;
  /** The revision of the key that has these limits. */
  readonly revision?: number | undefined;
  /** Whether it is a session of the console. */
  readonly isSession?: boolean | undefined;
  /** The time zone in which the days of the daily limit begin. */
  readonly timeZone: string;
  /** How many shards the credits of the account lay in when its row was read. */
  readonly accountShards?: number | undefined;
  /** The daily budget of the account. */
  readonly budget?: DailyBudget | undefined;
  /** For a test key: the day on which its account last got play credits. */
  readonly refilledOn?: string | undefined;
  readonly requestsPerMinute: number;
};
