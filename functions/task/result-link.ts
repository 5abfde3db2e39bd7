import { createHmac, timingSafeEqual } from 'node:crypto';

/** How long a link to a result works, in milliseconds: 24 hours from the answer that carries it. */
export const linkValidForMs = 24 * 60 * 60 * 1000;

/** What a result link says. `n` counts from 1, `expires` is in unix seconds. */
export type ResultLink = { readonly taskId: string; readonly n: number; readonly expires: number };

/** A link to one result: it leads to our API, which checks the signature and sends on to the bucket. */
export function resultLink(baseUrl: string, secret: string, link: ResultLink): string {
  const { taskId, n, expires } = link;
  return `${baseUrl}/v1/results/${taskId}/${n}?expires=${expires}&signature=${sign(secret, link)}`;
}

/** Whether this link was made by us and is not over. */
export function isValidLink(
  secret: string,
  link: ResultLink,
  signature: string,
  nowMs: number,
): boolean {
  const expected = Buffer.from(sign(secret, link));
  const given = Buffer.from(signature);
  const same = expected.length === given.length && timingSafeEqual(expected, given);
  return same && link.expires * 1000 > nowMs;
}

const sign = (secret: string, { taskId, n, expires }: ResultLink): string =>
  createHmac('sha256', secret).update(`result\n${taskId}\n${n}\n${expires}`).digest('base64url');
