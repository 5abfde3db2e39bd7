import { Webhook } from 'standardwebhooks';

/** The headers of a signed callback, as the Standard Webhooks specification has them. */
export type SignedHeaders = {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
};

/** Signs the exact bytes that are sent. `id` is the same for every attempt of one event. */
export const sign = (secret: string, id: string, body: string, nowMs: number): SignedHeaders => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(nowMs / 1000)),
  'webhook-signature': new Webhook(secret).sign(id, new Date(nowMs), body),
});
