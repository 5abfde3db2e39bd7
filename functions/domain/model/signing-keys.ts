import { secretTtlMs, ttlCache } from './cache.ts';
import type { Clock } from './clock.ts';
import type { SigningKeys } from './signature.ts';

/** A version of a secret, and when it was written. */
export type SecretVersion = { readonly text: string; readonly since: number };

/** The newest version of a secret, and the one that it replaced. */
export type SecretVersions = {
  readonly current: SecretVersion;
  readonly previous?: SecretVersion | undefined;
};

/** For an unknown signature the keys are read anew, unless the cached ones are younger than this. */
const minAgeMs = 10_000;

type Deps = {
  readonly readVersions: () => Promise<SecretVersions>;
  readonly now: Clock;
  /** How long a signature is valid, in milliseconds. */
  readonly signatureValidForMs: number;
};

/** The signing key, and the key it replaced: that is valid until the last signature made with it has expired. */
export function signingKeys({ readVersions, now, signatureValidForMs }: Deps): SigningKeys {
  // The last signature with the previous key comes from a function that still had that key in its cache.
  const overlapMs = signatureValidForMs + secretTtlMs;
  const cache = ttlCache<readonly string[]>({ ttlMs: secretTtlMs, now });

  const read = async () => {
    const at = now();
    const { current, previous } = await readVersions();
    const previousExpired = current.since + overlapMs <= at;
    return previous && !previousExpired ? [current.text, previous.text] : [current.text];
  };

  return {
    known: () => cache.get('keys', read),
    latest: () => cache.get('keys', read, minAgeMs),
  };
}
