import { createHash, generateKeyPairSync, sign } from 'node:crypto';

const userId = 'painter';

/** Signs webhooks as fal does, with a key that lives as long as the process and is published. */
export function signer(now: () => number) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { kty, crv, x } = publicKey.export({ format: 'jwk' });

  return {
    keySet: { keys: [{ kty, crv, x, use: 'sig', alg: 'EdDSA' }] },
    headersFor(requestId: string, body: string): Record<string, string> {
      const timestamp = String(Math.floor(now() / 1000));
      const digest = createHash('sha256').update(body).digest('hex');
      const message = [requestId, userId, timestamp, digest].join('\n');
      return {
        'X-Fal-Webhook-Request-Id': requestId,
        'X-Fal-Webhook-User-Id': userId,
        'X-Fal-Webhook-Timestamp': timestamp,
        'X-Fal-Webhook-Signature': sign(null, Buffer.from(message), privateKey).toString('hex'),
      };
    },
  };
}
