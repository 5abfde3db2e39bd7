import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { falAdapter } from '../../../../functions/adapters/providers/fal/adapter.ts';
import { webhookVerifier } from '../../../../functions/adapters/providers/fal/webhook-signature.ts';

const now = Date.parse('2026-03-01T10:00:00Z');
const body = '{"request_id":"r-1","status":"OK","payload":{"images":[]}}';
const [keyPair, otherKeyPair] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
const publishedKey = ({ publicKey }: { publicKey: KeyObject }) =>
  publicKey.export({ format: 'jwk' });

function signedBy({ privateKey }: { privateKey: KeyObject }, text = body, at = now) {
  const timestamp = `${Math.floor(at / 1000)}`;
  const digest = createHash('sha256').update(text).digest('hex');
  const message = Buffer.from(['r-1', 'u-1', timestamp, digest].join('\n'));
  return {
    'x-fal-webhook-request-id': 'r-1',
    'x-fal-webhook-user-id': 'u-1',
    'x-fal-webhook-timestamp': timestamp,
    'x-fal-webhook-signature': sign(null, message, privateKey).toString('hex'),
  };
}

/** A verifier that fetches these key sets: one at each request, and the last one again and again. */
function publishing(...keySets: (readonly unknown[] | Error)[]) {
  const requests: { url: string; init: RequestInit }[] = [];
  const clock = { at: now };
  const fetch = async (input: string | URL | Request, init: RequestInit = {}) => {
    requests.push({ url: `${input}`, init });
    const keys = keySets[Math.min(requests.length, keySets.length) - 1];
    if (keys instanceof Error) throw keys;
    return Response.json({ keys });
  };
  const keysUrl = `${falAdapter.webhookSignature?.keysUrl.default}`;
  const verify = webhookVerifier({ keysUrl, fetch, now: () => clock.at });
  /** Verifies a webhook that is signed properly at this time. */
  const verifyAt = (at: number) => {
    clock.at = at;
    return verify({ headers: signedBy(keyPair, body, at), body });
  };
  return { requests, verify, verifyAt };
}

test('a webhook that fal signed is genuine', async () => {
  const { verify, requests } = publishing([publishedKey(keyPair)]);

  expect(await verify({ headers: signedBy(keyPair), body })).toBe(true);

  expect(requests).toEqual([
    {
      url: 'https://rest.alpha.fal.ai/.well-known/jwks.json',
      init: { redirect: 'error', signal: expect.any(AbortSignal) },
    },
  ]);
});

const proper = signedBy(keyPair);

test.each([
  ['another body', proper, `${body} `],
  ['another key', signedBy(otherKeyPair), body],
  ['a short signature', { ...proper, 'x-fal-webhook-signature': 'ab' }, body],
  ['a signature that is not hex', { ...proper, 'x-fal-webhook-signature': 'z'.repeat(128) }, body],
  ['another user', { ...proper, 'x-fal-webhook-user-id': 'u-2' }, body],
  ['another request', { ...proper, 'x-fal-webhook-request-id': 'r-2' }, body],
  ['another time', { ...proper, 'x-fal-webhook-timestamp': `${now / 1000 + 1}` }, body],
  ['a time that is none', { ...proper, 'x-fal-webhook-timestamp': 'NaN' }, body],
])('a webhook with %s is not genuine', async (_, headers, text) => {
  const { verify } = publishing([publishedKey(keyPair)]);

  expect(await verify({ headers, body: text })).toBe(false);
});

test.each([
  ['headers', {}],
  ['a signature', { ...proper, 'x-fal-webhook-signature': undefined }],
])('a webhook without %s is not verified', async (_, headers) => {
  const { verify, requests } = publishing([publishedKey(keyPair)]);

  expect(await verify({ headers, body })).toBeUndefined();
  expect(requests).toEqual([]);
});

test.each([
  [-300, true],
  [-301, false],
  [300, true],
  [301, false],
])('a webhook whose signature is %i seconds off is genuine: %s', async (seconds, isGenuine) => {
  const { verify } = publishing([publishedKey(keyPair)]);
  const headers = signedBy(keyPair, body, now + seconds * 1000);

  expect(await verify({ headers, body })).toBe(isGenuine);
});

test('the keys of fal are fetched once a day', async () => {
  const { verifyAt, requests } = publishing([publishedKey(keyPair)]);
  const day = 24 * 60 * 60 * 1000;

  await verifyAt(now);
  await verifyAt(now + day - 1);
  expect(requests).toHaveLength(1);

  await verifyAt(now + day);
  expect(requests).toHaveLength(2);
});

test('a new key is found within a minute, and wrong signatures cause at most one fetch a minute', async () => {
  const { verifyAt, requests } = publishing(
    [publishedKey(otherKeyPair)],
    [publishedKey(otherKeyPair), publishedKey(keyPair)],
  );

  expect(await verifyAt(now)).toBe(false);
  expect(await verifyAt(now + 59_999)).toBe(false);
  expect(requests).toHaveLength(1);

  expect(await verifyAt(now + 60_000)).toBe(true);
});

test('the cached keys stay when newer ones cannot be fetched', async () => {
  const { verify, verifyAt, requests } = publishing(
    [publishedKey(keyPair)],
    new TypeError('fetch failed'),
  );
  const later = now + 60_000;

  expect(await verifyAt(now)).toBe(true);
  expect(await verifyAt(later)).toBe(true);
  expect(await verify({ headers: signedBy(otherKeyPair, body, later), body })).toBe(false);
  expect(requests).toHaveLength(2);
  expect(await verifyAt(later)).toBe(true);
  expect(requests).toHaveLength(2);
});

test('keys that cannot be read do not hide a key that can be read', async () => {
  const unreadable = [{ kty: 'RSA' }, 'rubbish', { kty: 'OKP', crv: 'Ed25519', x: '?' }];
  const { verify } = publishing([...unreadable, publishedKey(keyPair)]);

  expect(await verify({ headers: proper, body })).toBe(true);
});

test('a key that was withdrawn is not accepted once the keys are fetched again', async () => {
  const { verifyAt } = publishing([publishedKey(keyPair)], [publishedKey(otherKeyPair)]);
  const later = now + 24 * 60 * 60 * 1000;

  expect(await verifyAt(now)).toBe(true);
  expect(await verifyAt(later)).toBe(false);
});

test('without keys no signature is genuine, and they are fetched again at the next webhook', async () => {
  const { verify } = publishing(new TypeError('fetch failed'), [publishedKey(keyPair)]);

  expect(await verify({ headers: proper, body })).toBe(false);
  expect(await verify({ headers: proper, body })).toBe(true);
});
