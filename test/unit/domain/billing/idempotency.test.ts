import { describe, expect, test } from 'vitest';
import {
  idempotencyConflict,
  idempotencyRecordFor,
  requestHash,
} from '../../../../functions/domain/billing/idempotency.ts';
import { Problem } from '../../../../functions/domain/model/problem.ts';
import { effectiveRequest, GenerationRequest } from '../../../../functions/domain/wire/request.ts';
import { sampleTime } from '../../../support/tasks.ts';

const request = { prompt: 'sky', image_urls: ['https://a.b/1'], metadata: { a: '1', b: '2' } };
const hashOf = (body: unknown) => requestHash(effectiveRequest(GenerationRequest.parse(body)));

test.each([
  ['the same text', { ...request }],
  [
    'another order of properties, also inside',
    { metadata: { b: '2', a: '1' }, image_urls: ['https://a.b/1'], prompt: 'sky' },
  ],
  ['explicit defaults', { ...request, model: 'wan2.5-image-to-image', n: 1 }],
  ['an ignored field', { ...request, response_format: 'url' }],
  ['null for a field that it does not set', { ...request, seed: null, image_uploads: null }],
  ['empty values', { ...request, callback_url: '', size: '', image_uploads: [] }],
  ['the size "auto", which stands for no size', { ...request, size: 'auto' }],
  ['another name of the model', { ...request, model: 'wan2.5-i2i-preview' }],
])('a request with %s has the same hash', (_what, body) => {
  expect(hashOf(body)).toBe(hashOf(request));
});

test.each([
  ['another prompt', { ...request, prompt: 'sky ' }],
  ['another number of images', { ...request, n: 2 }],
  ['one more picture', { ...request, image_urls: ['https://a.b/1', 'https://a.b/2'] }],
  ['other metadata', { ...request, metadata: { a: '1', b: '3' } }],
  ['metadata exchanged', { ...request, metadata: { a: '2', b: '1' } }],
  ['one more option', { ...request, watermark: false }],
])('a request with %s has another hash', (_what, body) => {
  expect(hashOf(body)).not.toBe(hashOf(request));
});

test('another order of pictures has another hash', () => {
  expect(requestHash({ image_urls: ['a', 'b'] })).not.toBe(requestHash({ image_urls: ['b', 'a'] }));
});

test('an absent field and an undefined one have the same hash', () => {
  expect(requestHash({ a: 1, note: undefined })).toBe(requestHash({ a: 1 }));
});

test('the hash is a SHA-256 and contains nothing of the request', () => {
  expect(hashOf(request)).toMatch(/^[0-9a-f]{64}$/);
});

describe('a request with an idempotency key', () => {
  const idempotencyKey = 'order-7-of-2026-11-22';

  test('is recorded for 24 hours, under the idempotency key and the API key', () => {
    expect(idempotencyRecordFor('key-1', idempotencyKey, request, sampleTime)).toEqual({
      id: `key-1#${idempotencyKey}`,
      requestHash: requestHash(request),
      expiresAt: sampleTime + 24 * 60 * 60 * 1000,
    });
  });

  test('that two callers use has two records', () => {
    const [one, two] = ['key-1', 'key-2'].map((caller) =>
      idempotencyRecordFor(caller, idempotencyKey, request, sampleTime),
    );

    expect(one?.id).not.toBe(two?.id);
  });

  test('is the only one with a record', () => {
    expect(idempotencyRecordFor('key-1', undefined, request, sampleTime)).toBeUndefined();
  });

  test.each(['x', 'x'.repeat(255), 'order:4711 / attempt #1', '~!'])(
    'may have %j as its key',
    (good) => {
      expect(idempotencyRecordFor('key-1', good, request, sampleTime)?.id).toBe(`key-1#${good}`);
    },
  );

  test.each([
    '',
    ' ',
    'x'.repeat(256),
    'ends with a space ',
    'ümlauts-in-the-key',
    'with-a-tab\t-in-it',
    'with-a-line-break\n',
  ])('may not have %j as its key', (wrong) => {
    const makeRecord = () => idempotencyRecordFor('key-1', wrong, request, sampleTime);

    expect(makeRecord).toThrow(Problem);
    expect(makeRecord).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        status: 400,
        param: 'Idempotency-Key',
        message: 'The header Idempotency-Key must be 1 to 255 printable characters of ASCII',
      }),
    );
  });
});

test('a key that was used for another request is a conflict', () => {
  expect(idempotencyConflict()).toMatchObject({
    code: 'idempotency_conflict',
    status: 409,
    param: 'Idempotency-Key',
    message: 'This Idempotency-Key was used with another request: take a new one.',
  });
});
