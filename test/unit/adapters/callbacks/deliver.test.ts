import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { deliver, deliverTest } from '../../../../functions/adapters/callbacks/deliver.ts';
import { endless, serve } from '../outbound/server.ts';

const rules = { allowLoopback: true };
const body = '{"id":"task-7","prompt":"grün"}';
const respondWith =
  (status: number, headers = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, headers).end('thanks');
  };
const send = (url: string, headers = {}) => deliver({ url, body, headers, rules });

test('exactly the signed bytes are posted, with the headers of the signature', async () => {
  await using server = await serve(respondWith(200));

  await send(`${server.url}/hook?a=b`, { 'webhook-id': 'evt-task-7' });

  expect(server.requests).toMatchObject([
    {
      method: 'POST',
      url: '/hook?a=b',
      body,
      headers: {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        'user-agent': 'Darkroom-Callback/1',
        'webhook-id': 'evt-task-7',
      },
    },
  ]);
});

test.each([200, 201, 204, 299, 300, 400, 401, 404, 410, 429, 500, 503])(
  'a %i is returned as it is, after one attempt',
  async (status) => {
    await using server = await serve(respondWith(status));

    expect(await send(server.url)).toEqual({
      status,
      ...(status !== 204 && { text: 'thanks' }),
    });
    expect(server.connections()).toBe(1);
  },
);

test.each([301, 302, 303, 307, 308])('a %i is not followed', async (status) => {
  await using elsewhere = await serve(respondWith(200));
  await using server = await serve(respondWith(status, { location: elsewhere.url }));

  expect(await send(server.url)).toEqual({ status, text: 'thanks' });
  expect(elsewhere.connections()).toBe(0);
});

test('a 2xx counts even when its body never ends', async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(200).write(Buffer.alloc(128 * 1024));
  });

  expect(await send(server.url)).toMatchObject({ status: 200 });
});

test('an endless response is read only in part, and is not buffered', async () => {
  const { written, handle } = endless();
  await using server = await serve(handle);

  expect(await send(server.url)).toMatchObject({ status: 200 });
  // 64 kB, and the buffers between the two sockets.
  expect(written.bytes).toBeLessThan(30 * 1024 * 1024);
});

test('a 2xx counts even when its body breaks off', async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('x', () => response.destroy());
  });

  expect(await send(server.url)).toMatchObject({ status: 200 });
});

test.each<[string, RequestListener]>([
  ['hangs up', (_request, response) => void response.destroy()],
  ['does not speak HTTP', (_request, { socket }) => void socket?.end('hello\r\n\r\n')],
])('a receiver that %s has no status', async (_what, handle) => {
  await using server = await serve(handle);

  expect(await send(server.url)).toMatchObject({ cause: { name: 'Unreachable' } });
});

test('a closed port has no status', async () => {
  const { url, ...server } = await serve(respondWith(200));
  await server[Symbol.asyncDispose]();

  expect(await send(url)).toMatchObject({
    cause: { name: 'Unreachable', cause: { code: 'ECONNREFUSED' } },
  });
});

test.each(['http://127.0.0.1/', 'https://10.0.0.1/', 'https://localhost/', 'ftp://example.com/'])(
  'nothing is sent to %s, when only public addresses are allowed',
  async (url) => {
    expect(await deliver({ url, body, headers: {}, rules: {} })).toMatchObject({
      cause: { name: 'AddressNotAllowed' },
    });
  },
);

test('an internal error is not reported as a failure of the receiver', async () => {
  await using server = await serve(respondWith(200));

  await expect(send(server.url, { 'webhook-id': 'evt\n' })).rejects.toThrow('webhook-id');
  expect(server.connections()).toBe(0);
});

describe('what a receiver answers to a callback', () => {
  test.each<[number, string | Buffer, Record<string, string>, string | undefined]>([
    [200, 'grün 🌌', {}, 'grün 🌌'],
    [404, '<p>no</p>', { 'content-type': 'text/html' }, '<p>no</p>'],
    [422, '{"a":1}', { 'content-type': 'application/json' }, '{"a":1}'],
    [499, 'no', {}, 'no'],
    [503, 'busy', { 'content-type': 'text/plain' }, 'busy'],
    [200, Buffer.from('GIF89a'), { 'content-type': 'image/gif' }, undefined],
    [200, Buffer.from([0xff, 0xd8, 0xff]), {}, undefined],
    [400, Buffer.from([0x61, 0xff, 0x62]), { 'content-type': 'text/plain' }, 'a\ufffdb'],
    [200, '', {}, undefined],
  ])(
    'with %i and %j under the headers %j is quoted as %j',
    async (status, text, headers, quoted) => {
      await using server = await serve((_request, response) => {
        response.writeHead(status, headers).end(text);
      });

      expect(await send(server.url)).toEqual({ status, ...(quoted && { text: quoted }) });
    },
  );

  test('is kept to 2 kB, and read to its end as far as 64 kB', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(400).end('x'.repeat(10_000));
    });

    expect(await send(server.url)).toEqual({ status: 400, text: 'x'.repeat(2048) });
  });

  test.each<[string, number | undefined]>([
    ['0', 0],
    ['120', 120],
    ['999999999', 999_999_999],
    ['9999999999', undefined],
    ['-5', undefined],
    ['1e3', undefined],
    ['soon', undefined],
    ['Thu, 01 Jan 1970 00:00:00 GMT', undefined],
  ])('with the Retry-After %j waits for %s s', async (value, seconds) => {
    await using server = await serve(respondWith(503, { 'retry-after': value }));

    expect(await send(server.url)).toEqual({
      status: 503,
      text: 'thanks',
      ...(seconds !== undefined && { retryAfterSeconds: seconds }),
    });
  });

  test('with a date as Retry-After waits until then', async () => {
    const date = new Date(Date.now() + 600_000).toUTCString();
    await using server = await serve(respondWith(503, { 'retry-after': date }));

    const { retryAfterSeconds = 0 } = { retryAfterSeconds: 0, ...(await send(server.url)) };

    expect(retryAfterSeconds).toBeGreaterThan(500);
    expect(retryAfterSeconds).toBeLessThanOrEqual(600);
  });
});

describe('the delivery of a test event', () => {
  const sendTest = (url: string) => deliverTest({ url, body, headers: {}, rules });
  const answer =
    (text: string | Buffer, headers = {}): RequestListener =>
    (_request, response) => {
      response.writeHead(422, headers).end(text);
    };

  test.each<[text: string, headers: object]>([
    ['thanks', {}],
    ['grün 🌌', {}],
    ['{"ok":true}', { 'content-type': 'application/json; charset=utf-8' }],
    ['{"title":"no"}', { 'content-type': 'application/problem+json' }],
    ['<p>no</p>', { 'content-type': 'text/html' }],
    ['', {}],
  ])(
    'has the text %j of an answer with the headers %j, its status and its time',
    async (text, headers) => {
      await using server = await serve(answer(text, headers));

      expect(await sendTest(server.url)).toEqual({ status: 422, ms: expect.any(Number), text });
      expect(server.requests).toMatchObject([{ method: 'POST', body }]);
    },
  );

  test.each<[string, Buffer, object]>([
    ['a picture', Buffer.from('GIF89a'), { 'content-type': 'image/gif' }],
    ['bytes without a type', Buffer.from([0xff, 0xd8, 0xff]), {}],
  ])('has no text when the answer is %s', async (_what, bytes, headers) => {
    await using server = await serve(answer(bytes, headers));

    expect(await sendTest(server.url)).toEqual({ status: 422, ms: expect.any(Number) });
  });

  test('reads only the beginning of an endless answer', async () => {
    const { written, handle } = endless();
    await using server = await serve(handle);

    expect(await sendTest(server.url)).toMatchObject({ status: 200 });
    expect(written.bytes).toBeLessThan(30 * 1024 * 1024);
  });

  test('keeps what has arrived of an answer that breaks off', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
    });

    expect(await sendTest(server.url)).toMatchObject({ status: 200 });
  });

  test('does not follow a redirect', async () => {
    await using elsewhere = await serve(respondWith(200));
    await using server = await serve(respondWith(307, { location: elsewhere.url }));

    expect(await sendTest(server.url)).toMatchObject({ status: 307 });
    expect(elsewhere.connections()).toBe(0);
  });

  test('says why there was no answer, and how long that took', async () => {
    const { url, ...server } = await serve(respondWith(200));
    await server[Symbol.asyncDispose]();

    expect(await sendTest(url)).toMatchObject({
      ms: expect.any(Number),
      cause: { message: 'refused the connection' },
    });
    expect(
      await deliverTest({ url: 'https://10.0.0.1/', body, headers: {}, rules: {} }),
    ).toMatchObject({ cause: { name: 'AddressNotAllowed' } });
  });
});
