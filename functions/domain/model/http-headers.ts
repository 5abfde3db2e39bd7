/** The headers of a request that mean something here, as Node writes them. */
export const requestHeaders = {
  authorization: 'authorization',
  contentType: 'content-type',
  idempotencyKey: 'idempotency-key',
  prefer: 'prefer',
} as const;

/** The headers of a response that a caller reads, beside those that any page may read. */
export const responseHeaders = {
  idempotencyReplayed: 'idempotency-replayed',
  preferenceApplied: 'preference-applied',
  requestId: 'x-request-id',
  retryAfter: 'retry-after',
  rateLimit: 'x-ratelimit-limit',
  rateRemaining: 'x-ratelimit-remaining',
  rateReset: 'x-ratelimit-reset',
} as const;
