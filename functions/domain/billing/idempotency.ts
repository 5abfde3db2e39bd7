import { createHash } from 'node:crypto';
import { dayMs } from '../model/duration.ts';
import { idempotencyKeyRule, patterns } from '../model/ids.ts';
import { Problem } from '../model/problem.ts';

/** How long a repeated request is recognised, in milliseconds: 24 hours. */
export const idempotencyTtlMs = dayMs;

/** An idempotency key as it is stored, beside the id of what its first request created. */
export type IdempotencyRecord = {
  /** The caller's idempotency key, made unique among all callers by the id of the API key. */
  readonly id: string;
  readonly requestHash: string;
  readonly expiresAt: number;
};

const param = 'Idempotency-Key';

/**
 * The record of a request with this idempotency key; undefined when the request has none.
 * @throws {Problem} `invalid_request` when the key has the wrong form
 */
export function idempotencyRecordFor(
  keyId: string,
  idempotencyKey: string | undefined,
  request: unknown,
  now: number,
): IdempotencyRecord | undefined {
  if (idempotencyKey === undefined) return undefined;
  if (!patterns.idempotencyKey.test(idempotencyKey)) {
    const message = `The header Idempotency-Key must be ${idempotencyKeyRule}`;
    throw new Problem('invalid_request', message, { param });
  }
  return {
    id: `${keyId}#${idempotencyKey}`,
    requestHash: requestHash(request),
    expiresAt: now + idempotencyTtlMs,
  };
}

/** The response when an idempotency key is used for a second, different request. */
export const idempotencyConflict = (): Problem =>
  new Problem(
    'idempotency_conflict',
    'This Idempotency-Key was used with another request: take a new one.',
    { param },
  );

/** The response when the task that an idempotency key has created was deleted: it is not created again. */
export const taskOfKeyDeleted = (): Problem =>
  new Problem(
    'idempotency_conflict',
    'The task that this Idempotency-Key has created was deleted: take a new one.',
    { param },
  );

/** The hash of a parsed request: two bodies that mean the same have the same hash. */
export const requestHash = (request: unknown): string =>
  createHash('sha256').update(canonical(request)).digest('hex');

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
