import { createHash } from 'node:crypto';
import { Problem } from './problem.ts';

/** How long a repeated request is recognised, in milliseconds: 24 hours. */
export const rememberedForMs = 24 * 60 * 60 * 1000;

/** An idempotency key as it is kept beside what the first request with it made. */
export type Remembered = {
  /** The caller's key, made unique among all callers by the id of his API key. */
  readonly id: string;
  readonly requestHash: string;
  readonly expiresAt: number;
};

const param = 'Idempotency-Key';

/**
 * How a request is remembered that came with this idempotency key, if it came with one.
 * @throws {Problem} `invalid_request` when the key has the wrong form
 */
export function rememberedAs(
  keyId: string,
  idempotencyKey: string | undefined,
  request: unknown,
  now: number,
): Remembered | undefined {
  if (idempotencyKey === undefined) return undefined;
  if (!/^[A-Za-z0-9._-]{16,96}$/.test(idempotencyKey)) {
    const message =
      'The header Idempotency-Key must be 16 to 96 characters out of A-Z a-z 0-9 . _ -';
    throw new Problem('invalid_request', message, { param });
  }
  return {
    id: `${keyId}#${idempotencyKey}`,
    requestHash: requestHash(request),
    expiresAt: now + rememberedForMs,
  };
}

/** What a caller hears who uses a key again for something else. */
export const conflict = (): Problem =>
  new Problem(
    'idempotency_conflict',
    'This Idempotency-Key was used with another request: take a new one.',
    { param },
  );

/** The hash of a parsed request: two bodies that mean the same have the same one. */
export const requestHash = (request: unknown): string =>
  createHash('sha256').update(canonical(request)).digest('hex');

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
