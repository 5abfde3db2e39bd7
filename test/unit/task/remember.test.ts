import { describe, expect, test } from 'vitest';
import { Problem } from '../../../functions/task/problem.ts';
import { conflict, rememberedAs, requestHash } from '../../../functions/task/remember.ts';
import { GenerationRequest } from '../../../functions/task/request.ts';
import { sampleTime } from '../../support/tasks.ts';

const request = { prompt: 'sky', image_urls: ['https://a.b/1'], metadata: { a: '1', b: '2' } };
const hashOf = (body: unknown) => requestHash(GenerationRequest.parse(body));

test.each([
  ['the same text', { ...request }],
  [
    'another order of keys, also inside',
    { metadata: { b: '2', a: '1' }, image_urls: ['https://a.b/1'], prompt: 'sky' },
  ],
  ['the defaults written out', { ...request, model: 'wan2.5-image-to-image', n: 1 }],
  ['a field that is ignored', { ...request, response_format: 'url' }],
])('%s means the same', (_what, body) => {
  expect(hashOf(body)).toBe(hashOf(request));
});

test.each([
  ['another prompt', { ...request, prompt: 'sky ' }],
  ['another number of images', { ...request, n: 2 }],
  ['one more picture', { ...request, image_urls: ['https://a.b/1', 'https://a.b/2'] }],
  ['other metadata', { ...request, metadata: { a: '1', b: '3' } }],
  ['metadata exchanged', { ...request, metadata: { a: '2', b: '1' } }],
  ['a wish more', { ...request, watermark: false }],
])('%s means something else', (_what, body) => {
  expect(hashOf(body)).not.toBe(hashOf(request));
});

test('the order of pictures matters', () => {
  expect(requestHash({ image_urls: ['a', 'b'] })).not.toBe(requestHash({ image_urls: ['b', 'a'] }));
});

test('what is left out and what is undefined are the same', () => {
  expect(requestHash({ a: 1, note: undefined })).toBe(requestHash({ a: 1 }));
});

test('the hash is a SHA-256 and tells nothing of the request', () => {
  expect(hashOf(request)).toMatch(/^[0-9a-f]{64}$/);
});

describe('a request with an idempotency key', () => {
  const idempotencyKey = 'order-7-of-2026-11-22';

  test('is remembered for 24 hours, under the key and who used it', () => {
    expect(rememberedAs('key-1', idempotencyKey, request, sampleTime)).toEqual({
      ...{ id: `key-1#${idempotencyKey}`, requestHash: requestHash(request) },
      expiresAt: sampleTime + 24 * 60 * 60 * 1000,
    });
  });

  test('that two callers use is two', () => {
    const [one, two] = ['key-1', 'key-2'].map((caller) =>
      rememberedAs(caller, idempotencyKey, request, sampleTime),
    );

    expect(one?.id).not.toBe(two?.id);
  });

  test('is not remembered without one', () => {
    expect(rememberedAs('key-1', undefined, request, sampleTime)).toBeUndefined();
  });

  test.each(['x'.repeat(16), 'x'.repeat(96), 'A-Z.a_z-0123456789'])('may be %j', (good) => {
    expect(rememberedAs('key-1', good, request, sampleTime)?.id).toBe(`key-1#${good}`);
  });

  test.each([
    '',
    'x'.repeat(15),
    'x'.repeat(97),
    'with a space in it',
    'ümlauts-in-the-key',
    'key-1#another-callers',
    'with-a-line-break\n',
  ])('may not be %j', (wrong) => {
    const remember = () => rememberedAs('key-1', wrong, request, sampleTime);

    expect(remember).toThrow(Problem);
    expect(remember).toThrow(
      expect.objectContaining({
        ...{ code: 'invalid_request', status: 400, param: 'Idempotency-Key' },
        message: 'The header Idempotency-Key must be 16 to 96 characters out of A-Z a-z 0-9 . _ -',
      }),
    );
  });
});

test('a key used for something else is a conflict', () => {
  expect(conflict()).toMatchObject({
    ...{ code: 'idempotency_conflict', status: 409, param: 'Idempotency-Key' },
    message: 'This Idempotency-Key was used with another request: take a new one.',
  });
});
