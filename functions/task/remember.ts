import { createHash } from 'node:crypto';

/** How long a repeated request is recognised, in milliseconds: 24 hours. */
export const rememberedForMs = 24 * 60 * 60 * 1000;

/** An idempotency key as it is kept beside the task that the first request with it made. */
export type Remembered = {
  /** The caller's key, made unique among all callers by the id of his API key. */
  readonly id: string;
  readonly requestHash: string;
  readonly expiresAt: number;
};

/** The hash of a parsed request: two bodies that mean the same have the same one. */
export const requestHash = (request: unknown): string =>
  createHash('sha256').update(canonical(request)).digest('hex');

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
