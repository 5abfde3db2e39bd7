import { createHmac, timingSafeEqual } from 'node:crypto';

/** The secret keys that our own URLs are signed with. */
export type SigningKeys = {
  /** The valid keys, which may be cached. */
  known(): Promise<readonly string[]>;
  /** The valid keys, read now when the cache may be older than the newest key. */
  latest(): Promise<readonly string[]>;
};

/** What `signatureOf` returns: the 43 base64url characters of an HMAC-SHA256. */
export const signaturePattern = /^[\w-]{43}$/;

/**
 * Signs the parts of a URL. The first part is its purpose, so that no URL of another purpose has the same
 * signature.
 */
export const signatureOf = (secret: string, parts: readonly (string | number)[]): string =>
  createHmac('sha256', secret).update(parts.join('\n')).digest('base64url');

/** Whether these parts were signed with this secret, compared in constant time. */
export function isSignature(
  given: string,
  secret: string,
  parts: readonly (string | number)[],
): boolean {
  const [expected, sent] = [Buffer.from(signatureOf(secret, parts)), Buffer.from(given)];
  return expected.length === sent.length && timingSafeEqual(expected, sent);
}

/** Whether one of our keys signed these parts. The cached keys may lack one that was just created. */
export async function isSigned(
  given: string,
  keys: SigningKeys,
  parts: readonly (string | number)[],
): Promise<boolean> {
  const isSignedWith = (secret: string) => isSignature(given, secret, parts);
  return (await keys.known()).some(isSignedWith) || (await keys.latest()).some(isSignedWith);
}
