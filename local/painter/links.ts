import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export type Links = ReturnType<typeof links>;

/** Links to results that end with their signed time, like the vendor's. */
export function links(now: () => number) {
  const secret = randomBytes(32);
  const sign = (path: string, expires: string) =>
    createHmac('sha256', secret).update(`${path}\n${expires}`).digest('base64url');

  return {
    to(path: string, expiresAt: number): string {
      const expires = String(Math.floor(expiresAt / 1000));
      return `${path}?Expires=${expires}&Signature=${sign(path, expires)}`;
    },
    isValid({ pathname, searchParams }: URL): boolean {
      const expires = searchParams.get('Expires') ?? '';
      const given = Buffer.from(searchParams.get('Signature') ?? '');
      const wanted = Buffer.from(sign(pathname, expires));
      const isOurs = given.length === wanted.length && timingSafeEqual(given, wanted);
      return isOurs && now() < Number(expires) * 1000;
    },
  };
}
