import { createHash } from 'node:crypto';
import type { Clock } from './ports.ts';
import { Problem } from './problem.ts';

export type Scope = 'generate' | 'admin';

/** Who is calling: what an API key stands for. */
export type Caller = {
  readonly keyId: string;
  readonly account: string;
  readonly userGroup: string;
  readonly scopes: readonly Scope[];
};

/** The API keys, found by the SHA-256 of the key. */
export type Keys = { find(hash: string): Promise<Caller | undefined> };

/** How long an answer about a key may be old: so long does a revoked key go on working. */
const keptForMs = 60_000;
// A flood of made-up keys must not fill the memory.
const mostKept = 1000;

export const hashOfKey = (apiKey: string): string =>
  createHash('sha256').update(apiKey).digest('hex');

type Needs = { readonly keys: Keys; readonly now: Clock };

/**
 * Finds the caller behind an `Authorization` header.
 * @throws {Problem} `unauthorized` without a valid key, `permission_denied` when it lacks the scope
 */
export const identify = ({ keys, now }: Needs) => {
  const kept = new Map<string, { readonly caller: Caller | undefined; readonly until: number }>();

  const find = async (hash: string): Promise<Caller | undefined> => {
    const known = kept.get(hash);
    if (known && known.until > now()) return known.caller;
    const caller = await keys.find(hash);
    if (kept.size >= mostKept) kept.clear();
    kept.set(hash, { caller, until: now() + keptForMs });
    return caller;
  };

  return async (authorization: string | undefined, scope: Scope): Promise<Caller> => {
    const [, apiKey] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (!apiKey) {
      throw new Problem(
        'unauthorized',
        'Send your API key in the header "Authorization: Bearer <key>".',
      );
    }
    const caller = await find(hashOfKey(apiKey));
    if (!caller) throw new Problem('unauthorized', 'The API key is not valid.');
    if (!caller.scopes.includes(scope)) {
      throw new Problem('permission_denied', `The API key lacks the scope "${scope}".`);
    }
    return caller;
  };
};
