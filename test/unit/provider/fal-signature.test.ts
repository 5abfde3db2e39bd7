import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { falSignature } from '../../../functions/provider/fal-signature.ts';

const now = Date.parse('2026-03-01T10:00:00Z');
const body = '{"request_id":"r-1","status":"OK","payload":{"images":[]}}';
const [ours, others] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
const entry = ({ publicKey }: { publicKey: KeyObject }) => publicKey.export({ format: 'jwk' });

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

/** Publishes what it is told to at the time, and keeps what it was asked. */
function publishing(...published: (readonly unknown[] | Error)[]) {
  const asked: { url: string; init: RequestInit }[] = [];
  const fetch = async (input: string | URL | Request, init: RequestInit = {}) => {
    asked.push({ url: `${input}`, init });
    const keys = published[Math.min(asked.length, published.length) - 1];
    if (keys instanceof Error) throw keys;
    return Response.json({ keys });
  };
  return { asked, signed: falSignature({ fetch }) };
}

test('a callback that fal signed is known', async () => {
  const { signed, asked } = publishing([entry(ours)]);

  expect(await signed({ headers: signedBy(ours), body }, now)).toBe(true);

  expect(asked).toEqual([
    {
      url: 'https://rest.alpha.fal.ai/.well-known/jwks.json',
      init: { redirect: 'error', signal: expect.any(AbortSignal) },
    },
  ]);
});

const proper = signedBy(ours);

test.each([
  ['another body', proper, `${body} `],
  ['another key', signedBy(others), body],
  ['a short signature', { ...proper, 'x-fal-webhook-signature': 'ab' }, body],
  ['a signature that is not hex', { ...proper, 'x-fal-webhook-signature': 'z'.repeat(128) }, body],
  ['another user', { ...proper, 'x-fal-webhook-user-id': 'u-2' }, body],
  ['another request', { ...proper, 'x-fal-webhook-request-id': 'r-2' }, body],
  ['another time', { ...proper, 'x-fal-webhook-timestamp': `${now / 1000 + 1}` }, body],
  ['a time that is none', { ...proper, 'x-fal-webhook-timestamp': 'NaN' }, body],
])('a callback with %s is not', async (_, headers, text) => {
  const { signed } = publishing([entry(ours)]);

  expect(await signed({ headers, body: text }, now)).toBe(false);
});

test.each([
  ['headers', {}],
  ['a signature', { ...proper, 'x-fal-webhook-signature': undefined }],
])('a callback without %s is not judged', async (_, headers) => {
  const { signed, asked } = publishing([entry(ours)]);

  expect(await signed({ headers, body }, now)).toBeUndefined();
  expect(asked).toEqual([]);
});

test.each([
  [-300, true],
  [-301, false],
  [300, true],
  [301, false],
])('a callback signed %i seconds from now: %s', async (seconds, isKnown) => {
  const { signed } = publishing([entry(ours)]);
  const headers = signedBy(ours, body, now + seconds * 1000);

  expect(await signed({ headers, body }, now)).toBe(isKnown);
});

test('the keys are asked for once a day', async () => {
  const { signed, asked } = publishing([entry(ours)]);
  const callbackAt = (at: number) => signed({ headers: signedBy(ours, body, at), body }, at);
  const day = 24 * 60 * 60 * 1000;

  await callbackAt(now);
  await callbackAt(now + day - 1);
  expect(asked).toHaveLength(1);

  await callbackAt(now + day);
  expect(asked).toHaveLength(2);
});

test('a key that is new is found, and nonsense does not make us ask all the time', async () => {
  const { signed, asked } = publishing([entry(others)], [entry(others), entry(ours)]);
  const callbackAt = (at: number) => signed({ headers: signedBy(ours, body, at), body }, at);

  expect(await callbackAt(now)).toBe(false);
  expect(await callbackAt(now + 59_999)).toBe(false);
  expect(asked).toHaveLength(1);

  expect(await callbackAt(now + 60_000)).toBe(true);
});

test('keys that cannot be read do not hide the one that can', async () => {
  const strange = [{ kty: 'RSA' }, 'rubbish', { kty: 'OKP', crv: 'Ed25519', x: '?' }];
  const { signed } = publishing([...strange, entry(ours)]);

  expect(await signed({ headers: proper, body }, now)).toBe(true);
});

test('a key that was withdrawn counts no more once the keys are new', async () => {
  const { signed } = publishing([entry(ours)], [entry(others)]);
  const later = now + 24 * 60 * 60 * 1000;

  expect(await signed({ headers: proper, body }, now)).toBe(true);
  expect(await signed({ headers: signedBy(ours, body, later), body }, later)).toBe(false);
});

test('without keys nothing is known to be signed, and they are asked for again', async () => {
  const { signed } = publishing(new TypeError('fetch failed'), [entry(ours)]);

  expect(await signed({ headers: proper, body }, now)).toBe(false);
  expect(await signed({ headers: proper, body }, now)).toBe(true);
});
