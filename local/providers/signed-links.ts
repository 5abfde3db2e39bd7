import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export type Links = ReturnType<typeof links>;

/** Links to results that contain their expiry time and are signed, like the vendor's. */
export function links(now: () => number) {
  const secret = randomBytes(32);
  const sign = (path: string, expires: string) =>
    createHmac('sha256', secret).update(`${path}\n${expires}`).digest('base64url');

  return {
    to(path: string, expiresAt: number): string {
      const expires = String(Math.floor(expiresAt / 1000));
      return `${path}?Expires=${expires}&Signature=${sign(path, expires)}`;
    },
    isValid(path: string, query: URLSearchParams): boolean {
      const expires = query.get('Expires') ?? '';
      const given = Buffer.from(query.get('Signature') ?? '');
      const expected = Buffer.from(sign(path, expires));
      const isSigned = given.length === expected.length && timingSafeEqual(given, expected);
      return isSigned && now() < Number(expires) * 1000;
    },
  };
}
