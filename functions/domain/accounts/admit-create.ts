import type { Caller, Scope } from '../model/api-key.ts';

type Deps = {
  readonly countRequest: (caller: Caller) => Promise<Record<string, string>>;
  readonly recheckKey: (caller: Caller, scope: Scope) => Promise<Caller>;
};

/**
 * Admits a request that creates something: counts it and reads the caller's key as it is now, both at the same
 * time. Returns the caller by that key, and the headers of the rate limit.
 * @throws {Problem} what is wrong with the key, else `rate_limit_exceeded`
 */
export const admitCreate =
  ({ countRequest, recheckKey }: Deps) =>
  async (caller: Caller, scope: Scope) => {
    // Both are awaited, so that the one problem that counts does not depend on which of them is faster.
    const [key, rate] = await Promise.allSettled([recheckKey(caller, scope), countRequest(caller)]);
    if (key.status === 'rejected') throw key.reason;
    if (rate.status === 'rejected') throw rate.reason;
    return { caller: key.value, headers: rate.value };
  };
