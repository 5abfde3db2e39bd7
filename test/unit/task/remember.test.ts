import { expect, test } from 'vitest';
import { requestHash } from '../../../functions/task/remember.ts';
import { GenerationRequest } from '../../../functions/task/request.ts';

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

test('the hash is a SHA-256 and tells nothing of the request', () => {
  expect(hashOf(request)).toMatch(/^[0-9a-f]{64}$/);
});
