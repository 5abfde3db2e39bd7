import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import * as z from 'zod';
import type { ProviderCallback } from '../task/provider.ts';

/** Where fal publishes the keys it signs with. They are nobody's secret, so ours stays at home. */
type Keys = {
  readonly keysUrl?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly deadlineMs?: number;
};

type Kept = { readonly keys: readonly KeyObject[]; readonly at: number };

const published = 'https://rest.alpha.fal.ai/.well-known/jwks.json';
const signatureHeader = 'x-fal-webhook-signature';
const toleranceSeconds = 5 * 60;
const keptForMs = 24 * 60 * 60 * 1000;
// A key may be new: then it is looked up again, but not as often as somebody sends us nonsense.
const renewedAfterMs = 60 * 1000;

// One key that we cannot read must not hide the others.
const KeySet = z.object({ keys: z.array(z.unknown()) });
const Key = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() });
const Headers = z.object({
  'x-fal-webhook-request-id': z.string(),
  'x-fal-webhook-user-id': z.string(),
  'x-fal-webhook-timestamp': z.string().regex(/^\d{1,12}$/),
  [signatureHeader]: z.hex().length(128),
});

/**
 * Whether fal signed a callback within the last five minutes; one without a signature is not judged. A
 * day's keys are kept in memory.
 */
export function falSignature({
  keysUrl = published,
  fetch = globalThis.fetch,
  deadlineMs = 10_000,
}: Keys): (callback: ProviderCallback, now: number) => Promise<boolean | undefined> {
  let kept: Kept = { keys: [], at: Number.NEGATIVE_INFINITY };

  const renew = async (now: number) => {
    const signal = AbortSignal.timeout(deadlineMs);
    const response = await fetch(keysUrl, { redirect: 'error', signal });
    const { keys } = KeySet.parse(response.ok ? await response.json() : undefined);
    kept = { keys: keys.flatMap(toKey), at: now };
  };

  return async (callback, now) => {
    if (callback.headers[signatureHeader] === undefined) return undefined;
    const claim = claimOf(callback, now);
    if (!claim) return false;
    const fits = () => kept.keys.some((key) => verify(null, claim.message, key, claim.signature));
    if (now - kept.at < keptForMs && fits()) return true;
    if (now - kept.at < renewedAfterMs) return false;
    // Without keys nothing is known to be signed. It is a hint that is lost, and the next poll makes up for it.
    return renew(now).then(fits, () => false);
  };
}

function claimOf({ headers, body }: ProviderCallback, now: number) {
  const { success, data } = Headers.safeParse(headers);
  if (!success) return undefined;
  const timestamp = data['x-fal-webhook-timestamp'];
  if (Math.abs(now / 1000 - Number(timestamp)) > toleranceSeconds) return undefined;
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
