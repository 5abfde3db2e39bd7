import { createHash } from 'node:crypto';
import type { Place } from './cursor.ts';

export const scopes = ['generate', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** What was spent through a key, in milli-credits. */
export type Spending = {
  /** Held for tasks that have not ended. */
  readonly reserved: number;
  readonly used: number;
  /** The last day something was asked for, and what is held for or was charged to the tasks of that day. */
  readonly day?: string | undefined;
  readonly dayUsed: number;
  /** How often it changed: it tells whether somebody else did in between. */
  readonly moves: number;
};

export const noSpending: Spending = { reserved: 0, used: 0, dayUsed: 0, moves: 0 };

/** An API key as it is kept: the key itself is nowhere, only its hash. */
export type ApiKey = Spending & {
  readonly keyId: string;
  readonly hash: string;
  readonly lastFour: string;
  readonly account: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
  /** In milli-credits; the daily one begins anew at midnight in `timeZone`. */
  readonly totalLimit?: number | undefined;
  readonly dailyLimit?: number | undefined;
  readonly timeZone: string;
  readonly allowedModels?: readonly string[] | undefined;
};

/** What may be changed about a key; `null` takes a limit away. */
export type KeyChange = {
  readonly [name in 'expiresAt' | 'totalLimit' | 'dailyLimit' | 'allowedModels']?:
    | NonNullable<ApiKey[name]>
    | null
    | undefined;
} & { readonly [name in 'name' | 'enabled' | 'scopes' | 'timeZone']?: ApiKey[name] | undefined };

/** The API keys there are. What they spend moves through the ledger alone. */
export type ApiKeys = {
  /** @throws {Error} when there is a key of this id */
  add(key: ApiKey): Promise<void>;
  find(keyId: string): Promise<ApiKey | undefined>;
  /** The keys of an account, the newest first. */
  list(
    account: string,
    wish: { readonly limit: number; readonly behind?: Place | undefined },
  ): Promise<{ readonly keys: readonly ApiKey[]; readonly next?: Place | undefined }>;
  change(keyId: string, change: KeyChange): Promise<ApiKey | undefined>;
  /** It is no key any more; tasks that were asked for with it go on. `false`: there was none. */
  remove(keyId: string): Promise<boolean>;
};

export const hashOfKey = (apiKey: string): string =>
  createHash('sha256').update(apiKey).digest('hex');

/** The id of a key begins its hash, so that one reading by id finds it. */
export const keyIdOf = (hash: string): string => `key-${hash.slice(0, 16)}`;

/** The day of a moment, like 2026-11-22, where it is in this time zone. */
export const dayIn = (timeZone: string, at: number): string =>
  new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, year: 'numeric', month: '2-digit', day: '2-digit' },
  }).format(at);
