import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import * as z from 'zod';
import { ttlCache } from '../../../domain/model/cache.ts';
import type { Clock } from '../../../domain/model/clock.ts';
import { webhookKeysMs } from '../../../domain/model/deadlines.ts';
import type { ProviderWebhook, WebhookVerifier } from '../../../domain/model/provider.ts';
import { readBoundedJson } from '../upstream.ts';

type Options = {
  /** Where fal publishes the keys it signs with. They are public: our API key is not sent there. */
  readonly keysUrl: string;
  readonly now: Clock;
  readonly fetch?: typeof globalThis.fetch;
  readonly deadlineMs?: number;
};

const signatureHeader = 'x-fal-webhook-signature';
const toleranceSeconds = 5 * 60;
const cacheTtlMs = 24 * 60 * 60 * 1000;
// A signature that no cached key made may be by a new key, so the keys are fetched again. Not more often
// than this, however many wrong signatures arrive.
const minRefetchMs = 60 * 1000;

// Entries stay unknown here: one key that we cannot read must not hide the others.
const KeySet = z.object({ keys: z.array(z.unknown()) });
const Key = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() });
const Headers = z.object({
  'x-fal-webhook-request-id': z.string(),
  'x-fal-webhook-user-id': z.string(),
  'x-fal-webhook-timestamp': z.string().regex(/^\d{1,12}$/),
  [signatureHeader]: z.hex().length(128),
});

/** Verifies that fal signed a webhook within the last five minutes. fal's keys are cached for a day. */
export function webhookVerifier({
  keysUrl,
  now,
  fetch = globalThis.fetch,
  deadlineMs = webhookKeysMs,
}: Options): WebhookVerifier {
  const cache = ttlCache<readonly KeyObject[]>({ ttlMs: cacheTtlMs, now });

  const fetchKeys = async () => {
    const signal = AbortSignal.timeout(deadlineMs);
    const response = await fetch(keysUrl, { redirect: 'error', signal });
    const { keys } = KeySet.parse(response.ok ? await readBoundedJson(response) : undefined);
    return keys.flatMap(toKey);
  };

  return async (webhook) => {
    if (webhook.headers[signatureHeader] === undefined) return undefined;
    const claim = parseClaim(webhook, now());
    if (!claim) return false;
    const isSignedBy = (key: KeyObject) => verify(null, claim.message, key, claim.signature);
    try {
      const cached = await cache.get(keysUrl, fetchKeys);
      if (cached.some(isSignedBy)) return true;
      const fresh = await cache.get(keysUrl, fetchKeys, minRefetchMs);
      return fresh.some(isSignedBy);
    } catch {
      // Without the keys nothing can be verified. Only a hint is lost: the next poll finds the result.
      return false;
    }
  };
}

/** What was signed and the signature, or `undefined` when a header is malformed or the time is too far off. */
function parseClaim({ headers, body }: ProviderWebhook, nowMs: number) {
  const { success, data } = Headers.safeParse(headers);
  if (!success) return undefined;
  const timestamp = data['x-fal-webhook-timestamp'];
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > toleranceSeconds) return undefined;
  const digest = createHash('sha256').update(body).digest('hex');
  const parts = [
    data['x-fal-webhook-request-id'],
    data['x-fal-webhook-user-id'],
    timestamp,
    digest,
  ];
  return {
    message: Buffer.from(parts.join('\n')),
    signature: Buffer.from(data[signatureHeader], 'hex'),
  };
}

function toKey(entry: unknown): readonly KeyObject[] {
  const { data } = Key.safeParse(entry);
  try {
    return data ? [createPublicKey({ key: data, format: 'jwk' })] : [];
  } catch {
    return [];
  }
}
