import { Webhook } from 'standardwebhooks';

/** The headers of a signed callback, as the Standard Webhooks specification defines them. */
export type SignedHeaders = {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
};

/**
 * Signs the exact bytes that are sent, once with each secret: while a secret is rotated, the receiver knows
 * only one of the two. `id` is the same for every attempt of one event.
 */
export const sign = (
  secrets: readonly string[],
  id: string,
  body: string,
  nowMs: number,
): SignedHeaders => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(nowMs / 1000)),
  'webhook-signature': secrets
    .map((secret) => new Webhook(secret).sign(id, new Date(nowMs), body))
    .join(' '),
});
