import { expect, test } from 'vitest';
import { createRequest, localProvider, someLink } from './local-provider.ts';

const path = '/api/v1/services/aigc/image2image/image-synthesis';

test.each([
  ['no key', { authorization: '' }],
  ['an empty key', { authorization: 'Bearer ' }],
  ['another scheme', { authorization: 'Basic eDp5' }],
])('%s is rejected with 401 by every route', async (_, headers) => {
  const { submit, poll, call } = await localProvider();

  for (const answer of [
    await submit({}, {}, headers),
    await poll('any', headers),
    await call('POST', '/api/v1/tasks/any/cancel', undefined, headers),
  ]) {
    expect(answer).toEqual({
      status: 401,
      body: {
        request_id: expect.any(String),
        code: 'InvalidApiKey',
        message: 'Invalid API-key provided.',
      },
    });
  }
});

test.each(['', 'disable'])(
  'X-DashScope-Async "%s" is rejected with 403, since there are no synchronous calls',
  async (value) => {
    const { submit } = await localProvider();

    expect(await submit({}, {}, { 'x-dashscope-async': value })).toMatchObject({
      status: 403,
      body: {
        code: 'AccessDenied',
        message: 'current user api does not support synchronous calls.',
      },
    });
  },
);

test('another model is rejected with 404', async () => {
  const { call } = await localProvider();

  expect(await call('POST', path, { ...createRequest(), model: 'wan9' })).toMatchObject({
    status: 404,
    body: { code: 'ModelNotFound' },
  });
});

test.each([
  ['n 0', { n: 0 }, {}, 'parameters.n'],
  ['n 5', { n: 5 }, {}, 'parameters.n'],
  ['n 1.5', { n: 1.5 }, {}, 'parameters.n'],
  ['a size with x', { size: '1024x1024' }, {}, 'parameters.size'],
  ['a small size', { size: '767*768' }, {}, 'total pixels'],
  ['a large size', { size: '1281*1280' }, {}, 'total pixels'],
  ['a long size', { size: '3000*500' }, {}, 'aspect ratio'],
  ['a negative seed', { seed: -1 }, {}, 'parameters.seed'],
  ['a seed of 32 bits', { seed: 2 ** 31 }, {}, 'parameters.seed'],
  ['a watermark in words', { watermark: 'yes' }, {}, 'parameters.watermark'],
  ['no prompt', {}, { prompt: undefined }, 'input.prompt'],
  ['an empty prompt', {}, { prompt: ' ' }, 'input.prompt'],
  ['no image', {}, { images: [] }, 'input.images'],
  ['four images', {}, { images: Array(4).fill(someLink) }, 'input.images'],
  ['a file link', {}, { images: ['file:///a.png'] }, 'url error'],
  ['no link', {}, { images: ['a.png'] }, 'url error'],
])(
  '%s is rejected as InvalidParameter with the name of the field',
  async (_, parameters, input, reason) => {
    const { submit } = await localProvider();

    expect(await submit(parameters, input)).toMatchObject({
      status: 400,
      body: { code: 'InvalidParameter', message: expect.stringContaining(reason) },
    });
  },
);

test('a body that is not JSON is rejected as InvalidParameter', async () => {
  const { mockProvider } = await localProvider();

  const response = await fetch(mockProvider.url + path, {
    method: 'POST',
    headers: { authorization: 'Bearer k', 'x-dashscope-async': 'enable' },
    body: '{',
  });

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'InvalidParameter' });
});

test('without parameters four images are generated, the vendor’s default', async () => {
  const { call } = await localProvider();
  const { parameters, ...rest } = createRequest();

  expect(await call('POST', path, rest)).toMatchObject({ status: 200 });
  expect((await call('GET', '/control')).body.jobs[0].n).toBe(4);
});

test('a rejected submit is counted and not accepted', async () => {
  const { submit, call } = await localProvider();

  await submit({ n: 9 });

  expect((await call('GET', '/control')).body.counts).toMatchObject({ submits: 1, accepted: 0 });
});
