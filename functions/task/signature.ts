import { createHmac, timingSafeEqual } from 'node:crypto';

/** The secret keys that addresses of our own are signed with. */
export type SigningKeys = {
  /** Those whose signatures count, as far as is known here. */
  known(): Promise<readonly string[]>;
  /** The same after looking whether there is a newer one. */
  latest(): Promise<readonly string[]>;
};

/** Signs the parts of an address. The first says what it is for, so that no other address has its signature. */
export const signatureOf = (secret: string, parts: readonly (string | number)[]): string =>
  createHmac('sha256', secret).update(parts.join('\n')).digest('base64url');

/** Whether these parts were signed with this secret; how long it takes tells nothing about how far. */
export function isSignature(
  given: string,
  secret: string,
  parts: readonly (string | number)[],
): boolean {
  const [expected, sent] = [Buffer.from(signatureOf(secret, parts)), Buffer.from(given)];
  return expected.length === sent.length && timingSafeEqual(expected, sent);
}

/** Whether one of our keys signed these parts. One that nobody here has seen yet may be brand-new. */
export async function isSigned(
  given: string,
  keys: SigningKeys,
  parts: readonly (string | number)[],
): Promise<boolean> {
  const isOf = (secret: string) => isSignature(given, secret, parts);
  return (await keys.known()).some(isOf) || (await keys.latest()).some(isOf);
}
