import { type Account, defaultLimits } from './account.ts';
import { type ApiKey, hashOfKey, type Scope } from './api-key.ts';
import { isApiKey } from './ids.ts';
import type { Clock } from './ports.ts';
import { Problem } from './problem.ts';

/** Who is calling: what an API key stands for. */
export type Caller = {
  readonly keyId: string;
  readonly keyName: string;
  readonly account: string;
  readonly userGroup: string;
  readonly scopes: readonly Scope[];
  /** All of them when absent. */
  readonly allowedModels?: readonly string[] | undefined;
  readonly requestsPerMinute: number;
};

/** A key that somebody issued, and whose it is. */
type KnownKey = { readonly key: ApiKey; readonly account: Account };

/** The API keys, found by the SHA-256 of the key. */
export type Keys = { find(hash: string): Promise<KnownKey | undefined> };

/** How long an answer about a key may be old: so long does a revoked key go on working. */
const keptForMs = 60_000;
// A flood of made-up keys must not fill the memory.
const mostKept = 1000;

type Needs = {
  readonly keys: Keys;
  readonly now: Clock;
  /** Told of every key in use, at most once in the time an answer is kept. */
  readonly noteUse: (keyId: string) => Promise<void>;
};

/**
 * Finds the caller behind an `Authorization` header.
 * @throws {Problem} `unauthorized`, `KEY_DISABLED` or `KEY_EXPIRED` without a valid key,
 *   `permission_denied` when it lacks the scope
 */
export const identify = ({ keys, now, noteUse }: Needs) => {
  const kept = new Map<string, { readonly known: KnownKey | undefined; readonly until: number }>();

  const find = async (hash: string): Promise<KnownKey> => {
    const before = kept.get(hash);
    if (before && before.until > now()) return valid(before.known, now());
    const known = await keys.find(hash);
    if (kept.size >= mostKept) kept.clear();
    kept.set(hash, { known, until: now() + keptForMs });
    const found = valid(known, now());
    await noteUse(found.key.keyId);
    return found;
  };

  return async (authorization: string | undefined, scope: Scope): Promise<Caller> => {
    const [, apiKey] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (!apiKey) {
      throw new Problem(
        'unauthorized',
        'Send your API key in the header "Authorization: Bearer <key>".',
      );
    }
    // What nobody can have issued is not looked up.
    if (!isApiKey(apiKey)) throw notValid();
    const known = await find(hashOfKey(apiKey));
    if (!known.key.scopes.includes(scope)) {
      throw new Problem('permission_denied', `The API key lacks the scope "${scope}".`);
    }
    return callerOf(known);
  };
};

const notValid = (): Problem => new Problem('unauthorized', 'The API key is not valid.');

function valid(known: KnownKey | undefined, now: number): KnownKey {
  if (!known) throw notValid();
  const { name, enabled, expiresAt } = known.key;
  const key_name = name;
  if (!enabled) {
    throw new Problem('KEY_DISABLED', `The API key "${name}" is disabled.`, {
      details: { key_name },
    });
  }
  if (expiresAt !== undefined && expiresAt <= now) {
    throw new Problem('KEY_EXPIRED', `The API key "${name}" has expired.`, {
      details: { key_name, expired_at: Math.floor(expiresAt / 1000) },
    });
  }
  return known;
}

const callerOf = ({ key, account: { userGroup, limits } }: KnownKey): Caller => ({
  ...{ keyId: key.keyId, keyName: key.name, account: key.account, userGroup },
  ...{ scopes: key.scopes, allowedModels: key.allowedModels },
  requestsPerMinute: limits.requestsPerMinute ?? defaultLimits.requestsPerMinute,
});
