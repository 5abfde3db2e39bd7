import { type Account, defaultLimits } from '../model/account.ts';
import {
  type ApiKey,
  type ApiKeys,
  type Caller,
  hashOfKey,
  hasScope,
  type Scope,
} from '../model/api-key.ts';
import { ttlCache } from '../model/cache.ts';
import type { Clock } from '../model/clock.ts';
import { sessionIdleMs } from '../model/console-code.ts';
import { spellDuration } from '../model/duration.ts';
import { isApiKey } from '../model/ids.ts';
import { accountIn } from '../model/mode.ts';
import { Problem } from '../model/problem.ts';

/** What a request needs to know of its account. */
export type AccountProfile = Pick<
  Account,
  'userGroup' | 'limits' | 'disabled' | 'budget' | 'refilledOn'
> & {
  readonly shards?: number | undefined;
};

/** An API key that exists, and the side of its account on which it acts. */
type KnownKey = { readonly key: ApiKey; readonly account: AccountProfile };

/** The API keys, found by the SHA-256 of the key. */
export type Keys = { find(hash: string): Promise<KnownKey | undefined> };

/** How long a loaded key is used for reading: a key that is revoked goes on reading for that long. */
const cacheTtlMs = 60_000;

type Deps = {
  readonly keys: Keys;
  readonly now: Clock;
  /** Called for every key in use, each time it is loaded into the cache, unless the use is recorded elsewhere. */
  readonly touchLastUsed: (keyId: string) => Promise<void>;
  /** Records that a session is in use. @returns `false` when the session was idle for too long, and so has ended */
  readonly continueSession: (key: ApiKey) => Promise<boolean>;
};

/** What else is known of a request that is authenticated. */
type RequestUse = {
  /** Whether the write that counts the request records the use of the key as well. */
  readonly isRecordedByCount?: boolean;
};

/**
 * Finds the caller of a request by its `Authorization` header.
 * @throws {Problem} `unauthorized`, `KEY_DISABLED` or `KEY_EXPIRED` without a valid key,
 *   `permission_denied` when it lacks the scope
 */
export const authenticate = ({ keys, now, touchLastUsed, continueSession }: Deps) => {
  // "There is no such key" is cached as well.
  const cache = ttlCache<KnownKey | undefined>({ ttlMs: cacheTtlMs, now });

  const requireActive = async (session: ApiKey) => {
    if (!(await continueSession(session))) throw sessionIdle(session.name);
  };

  const find = async (
    hash: string,
    scope: Scope,
    { isRecordedByCount = false }: RequestUse,
  ): Promise<KnownKey> => {
    let isLoaded = false;
    const load = () => {
      isLoaded = true;
      return keys.find(hash);
    };
    const known = neverCached.has(scope) ? await load() : await cache.get(hash, load);
    if (!known) throw invalidApiKey();
    const key = requireValid(known, now());
    // A cached session is checked too: it ends when nobody has used it for a while, in any function.
    if (key.isSession) await requireActive(key);
    else if (isLoaded && !isRecordedByCount) await touchLastUsed(key.keyId);
    return known;
  };

  return async (
    authorization: string | undefined,
    scope: Scope,
    use: RequestUse = {},
  ): Promise<Caller> => {
    const [, apiKey] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (!apiKey) {
      throw new Problem(
        'unauthorized',
        'Send your API key in the header "Authorization: Bearer <key>".',
      );
    }
    // A text that cannot be a key is not looked up.
    if (!isApiKey(apiKey)) throw invalidApiKey();
    const known = await find(hashOfKey(apiKey), scope, use);
    requireScope(known.key, scope);
    return callerOf(known);
  };
};

/** Never cached: while a cache still holds its old state, a key that was revoked could make another key. */
const neverCached: ReadonlySet<Scope> = new Set<Scope>(['manage', 'admin']);

export const invalidApiKey = (): Problem =>
  new Problem('unauthorized', 'The API key is not valid.');

export const keyDisabled = (name: string): Problem =>
  new Problem('KEY_DISABLED', `The API key "${name}" is disabled.`, {
    details: { key_name: name },
  });

const accountDisabled = (name: string): Problem =>
  new Problem('KEY_DISABLED', `The account of the API key "${name}" is disabled.`, {
    details: { key_name: name },
  });

export const keyExpired = (name: string, expiresAt: number): Problem =>
  new Problem('KEY_EXPIRED', `The API key "${name}" has expired.`, {
    details: { key_name: name, expired_at: Math.floor(expiresAt / 1000) },
  });

const sessionIdle = (name: string): Problem =>
  new Problem(
    'KEY_EXPIRED',
    `The session of "${name}" has ended: nobody has used it for ${spellDuration(sessionIdleMs)}.`,
    {
      details: { key_name: name },
    },
  );

export const scopeMissing = (scope: Scope): Problem =>
  new Problem('permission_denied', `The API key lacks the scope "${scope}".`);

type RecheckDeps = {
  readonly keys: Pick<ApiKeys, 'find'>;
  /** An account as it is now. */
  readonly findProfile: (account: string) => Promise<AccountProfile>;
  readonly now: Clock;
};

/**
 * Reads the key of an authenticated caller and its account as they are now, because a cached key must not spend credits.
 * Returns the caller with these values.
 * @throws {Problem} what `authenticate` throws
 */
export const recheckKey =
  ({ keys, findProfile, now }: RecheckDeps) =>
  async (caller: Caller, scope: Scope): Promise<Caller> => {
    const [key, account] = await Promise.all([
      keys.find(caller.keyId),
      findProfile(caller.account),
    ]);
    if (!key) throw invalidApiKey();
    requireScope(requireValid({ key, account }, now()), scope);
    return callerOf({ key, account });
  };

type AdmitDeps = {
  readonly countRequest: (caller: Caller) => Promise<Record<string, string>>;
  readonly recheckKey: (caller: Caller, scope: Scope) => Promise<Caller>;
};

/**
 * Admits a request that creates something: counts it and reads the caller's key as it is now, both at the same
 * time. Returns the caller with that key, and the headers of the rate limit.
 * @throws {Problem} what is wrong with the key, else `rate_limit_exceeded`
 */
export const admitCreate =
  ({ countRequest, recheckKey }: AdmitDeps) =>
  async (caller: Caller, scope: Scope) => {
    // Both are awaited, so that the error does not depend on which of them is faster.
    const [key, rate] = await Promise.allSettled([recheckKey(caller, scope), countRequest(caller)]);
    if (key.status === 'rejected') throw key.reason;
    if (rate.status === 'rejected') throw rate.reason;
    return { caller: key.value, headers: rate.value };
  };

// Checked at every call: a cached key may have expired since it was loaded.
function requireValid({ key, account }: KnownKey, now: number): ApiKey {
  const { name, enabled, expiresAt } = key;
  if (account.disabled) throw accountDisabled(name);
  if (!enabled) throw keyDisabled(name);
  if (expiresAt !== undefined && expiresAt <= now) throw keyExpired(name, expiresAt);
  return key;
}

/** @throws {Problem} `permission_denied` */
function requireScope(key: ApiKey, scope: Scope): ApiKey {
  if (hasScope(key.scopes, scope)) return key;
  throw scopeMissing(scope);
}

/** What a key allows its caller. */
const permissionsOf = (key: ApiKey) => ({
  keyName: key.name,
  scopes: key.scopes,
  allowedModels: key.allowedModels,
  expiresAt: key.expiresAt,
  totalLimit: key.totalLimit,
  revision: key.revision,
  dailyLimit: key.dailyLimit,
  timeZone: key.timeZone,
});

const callerOf = ({ key, account }: KnownKey): Caller => ({
  ...permissionsOf(key),
  ...(key.isSession && { isSession: true }),
  keyId: key.keyId,
  account: accountIn(key.mode, key.account),
  userGroup: account.userGroup,
  accountShards: account.shards,
  budget: account.budget,
  refilledOn: account.refilledOn,
  requestsPerMinute: account.limits.requestsPerMinute ?? defaultLimits.requestsPerMinute,
});
