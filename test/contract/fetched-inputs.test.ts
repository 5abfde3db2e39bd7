import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { preparedKey } from '../../functions/adapters/aws/s3/bucket-keys.ts';
import { userAgentOf } from '../../functions/adapters/aws/s3/download.ts';
import { inputBucket } from '../../functions/adapters/aws/s3/input-bucket.ts';
import { inspect } from '../../functions/domain/images/inspect.ts';
import { defaultModel, maxInputBytes } from '../../functions/domain/model/catalogue.ts';
import { InputRejected, InputUnavailable } from '../../functions/domain/model/workflow-errors.ts';
import { InputProblem, inputErrorOf } from '../../functions/domain/tasks/input-problems.ts';
import { pending } from '../support/tasks.ts';
import { s3 } from './s3.ts';
import { bucketNames } from './template-resources.ts';
import { webServer } from './web-server.ts';

const Bucket = bucketNames.inputs;
const task = pending();
const from = (url: string) => ({ kind: 'url', url }) as const;
// It begins like a PNG: one of 256 random beginnings is an empty Brotli file, after which nothing is read.
const picture = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(300_000)]);
const MB = 1024 * 1024;

async function setUp(maxBytes = maxInputBytes) {
  const { client, keys, get } = await s3();
  const inputs = inputBucket(client, Bucket, {
    allowLoopback: true,
    maxBytes,
    userAgent: userAgentOf('https://api.example.com'),
  });
  const stored = (index: number) => get({ Bucket, Key: preparedKey(task.id, index, 'png') });
  /** The error that the domain makes of the adapter's reason. */
  const errorOf = async (url: string): Promise<unknown> => {
    const thrown: unknown = await inputs
      .fetch(task, 1, from(url))
      .catch((problem: unknown) => problem);
    expect(thrown).toBeInstanceOf(InputProblem);
    return thrown instanceof InputProblem ? inputErrorOf(thrown, 1, { maxBytes }) : thrown;
  };
  const store = async (url: string) => {
    await using fetched = await inputs.fetch(task, 0, from(url));
    await fetched.store('png');
    return fetched.file.size;
  };
  return { keys, inputs, stored, store, errorOf };
}

test('a picture at an address is stored byte for byte', async () => {
  const { store, stored } = await setUp();
  const web = await webServer({ '/cat.png': (response) => void response.end(picture) });

  await store(`${web.url}/cat.png`);

  expect((await stored(0)).bytes.equals(picture)).toBe(true);
  expect(web.requests[0]?.headers).toMatchObject({
    accept: 'image/jpeg,image/png,image/webp,image/bmp,*/*;q=0.5',
    'user-agent': 'Darkroom/1 (+https://api.example.com)',
  });
});

test('a redirect is followed', async () => {
  const { store, stored } = await setUp();
  const web = await webServer({
    '/old': (response) => void response.writeHead(302, { location: '/new' }).end(),
    '/new': (response) => void response.end(picture),
  });

  await store(`${web.url}/old`);

  expect((await stored(0)).bytes.equals(picture)).toBe(true);
});

test('a redirect to an address in plain UTF-8 is followed as browsers and curl do', async () => {
  const { store, stored } = await setUp();
  const path = '/größe-照片.png';
  const web = await webServer({
    // Node would encode a header by itself, so the response is written as bytes.
    '/old': ({ socket }) =>
      void socket?.end(`HTTP/1.1 302 Found\r\nlocation: ${path}\r\ncontent-length: 0\r\n\r\n`),
    [encodeURI(path)]: (response) => void response.end(picture),
  });

  await store(`${web.url}/old`);

  expect((await stored(0)).bytes.equals(picture)).toBe(true);
});

test('as many redirects are followed as browsers follow', async () => {
  const { store, errorOf } = await setUp();
  const hops = Object.fromEntries(
    Array.from({ length: 30 }, (_, left) => [
      `/${left}`,
      (response: ServerResponse) =>
        left === 0
          ? void response.end(picture)
          : void response.writeHead(302, { location: `/${left - 1}` }).end(),
    ]),
  );
  const web = await webServer(hops);

  expect(await store(`${web.url}/20`)).toBe(picture.length);
  expect(await errorOf(`${web.url}/21`)).toHaveProperty(
    'message',
    'image_urls[1] redirects too many times.',
  );
});

test('another 2xx than 200 carries a picture, too', async () => {
  const { store } = await setUp();
  const web = await webServer({ '/': (response) => void response.writeHead(203).end(picture) });

  expect(await store(web.url)).toBe(picture.length);
});

describe('a body that is compressed although it was asked not to be', () => {
  const respondWith = (encoding: string, body: Uint8Array) => (response: ServerResponse) =>
    void response.setHeader('content-encoding', encoding).end(body);

  test.each([
    ['gzip', gzipSync(picture)],
    ['x-gzip', gzipSync(picture)],
    ['deflate', deflateSync(picture)],
    ['br', brotliCompressSync(picture)],
    ['zstd', zstdCompressSync(picture)],
    ['identity', picture],
    ['GZIP', gzipSync(picture)],
  ])('with %s is unpacked', async (encoding, body) => {
    const { store, stored } = await setUp();
    const web = await webServer({ '/': respondWith(encoding, body) });

    await store(web.url);

    expect((await stored(0)).bytes.equals(picture)).toBe(true);
  });

  test('is limited by its unpacked size', async () => {
    const { errorOf } = await setUp();
    const bomb = gzipSync(Buffer.alloc(100 * MB));
    const web = await webServer({ '/': respondWith('gzip', bomb) });

    expect(await errorOf(web.url)).toMatchObject({
      failure: { message: 'is larger than 10 MB; send a smaller file' },
    });
  });

  test.each([
    [
      'an unknown encoding',
      'lzma',
      picture,
      'sent a response that is compressed in a way that is not known',
    ],
    ['a false gzip', 'gzip', picture, 'sent a compressed answer that cannot be unpacked'],
    ['a false brotli', 'br', picture, 'sent a compressed answer that cannot be unpacked'],
    ['a false zstd', 'zstd', picture, 'sent a compressed answer that cannot be unpacked'],
    [
      'an incomplete encoding',
      'gzip',
      gzipSync(picture).subarray(0, 1000),
      'sent a compressed answer that cannot be unpacked',
    ],
  ])('with %s is refused, and the message says what was wrong', async (_, encoding, body, why) => {
    const { errorOf, keys } = await setUp();
    const web = await webServer({ '/': respondWith(encoding, body) });

    expect(await errorOf(web.url)).toHaveProperty('message', `image_urls[1] ${why}.`);
    expect(await keys(Bucket)).toEqual([]);
  });
});

test('a picture of exactly 10 MB is stored', async () => {
  const { store } = await setUp();
  const web = await webServer({
    '/big': (response) => void response.end(Buffer.alloc(10 * MB)),
  });

  expect(await store(`${web.url}/big`)).toBe(10 * MB);
});

test('a higher limit in the catalogue raises the limits of download, inspection and message', async () => {
  const { inputs, errorOf } = await setUp(12 * MB);
  const web = await webServer({
    '/11': (response) => void response.end(Buffer.alloc(11 * MB)),
    '/13': (response) => void response.end(Buffer.alloc(13 * MB)),
  });
  await using fetched = await inputs.fetch(task, 0, from(`${web.url}/11`));
  const inspected = (limit: number) =>
    inspect(fetched.file, { ...defaultModel.image, maxBytes: limit });

  expect(inspected(10 * MB)).toMatchObject({ failure: { code: 'invalid_parameters' } });
  expect(inspected(12 * MB)).toMatchObject({ failure: { code: 'image_processing_error' } });
  expect(await errorOf(`${web.url}/13`)).toMatchObject({
    failure: { message: 'is larger than 12 MB; send a smaller file' },
  });
});

const respondWith = (status: number) => (response: ServerResponse) =>
  void response.writeHead(status).end('<html>');
const nothing = ': there is nothing at this address';
const withoutLogin = 'it must be downloadable without a login';

test.each<[string, (response: ServerResponse) => void, string, string]>([
  ['404', respondWith(404), 'image_processing_error', `answered 404${nothing}`],
  ['410', respondWith(410), 'image_processing_error', `answered 410${nothing}`],
  ['401', respondWith(401), 'image_processing_error', `answered 401; ${withoutLogin}`],
  ['304', respondWith(304), 'image_processing_error', 'answered 304'],
  ['418', respondWith(418), 'image_processing_error', 'answered 418'],
  ['403', respondWith(403), 'image_processing_error', `answered 403; ${withoutLogin}`],
  ['204', respondWith(204), 'image_processing_error', 'is empty'],
  ['nothing', (response) => void response.end(), 'image_processing_error', 'is empty'],
  [
    '11 MB',
    (response) => void response.end(Buffer.alloc(11 * MB)),
    ...(['invalid_parameters', 'is larger than 10 MB; send a smaller file'] as const),
  ],
  [
    'a redirect to a private address',
    (response) => void response.writeHead(302, { location: 'https://10.0.0.1/' }).end(),
    ...(['image_processing_error'] as const),
    'redirects, and its target must not point to a private address',
  ],
])(
  'an address that responds with %s is rejected, and nothing is stored',
  async (_, respond, code, message) => {
    const { errorOf, keys } = await setUp();
    const web = await webServer({ '/': respond });

    const error = await errorOf(web.url);

    expect(error).toBeInstanceOf(InputRejected);
    expect(error).toMatchObject({ failure: { code, message } });
    expect(await keys(Bucket)).toEqual([]);
  },
);

test('a private address is rejected and gets no request', async () => {
  const { errorOf } = await setUp();

  expect(await errorOf('https://169.254.169.254/latest')).toMatchObject({
    failure: { code: 'image_processing_error', message: 'must not point to a private address' },
  });
});

test.each<[string, (response: ServerResponse) => void, string]>([
  ['500', respondWith(500), 'answered 500 when it was fetched'],
  ['429', respondWith(429), 'answered 429 when it was fetched'],
  ['408', respondWith(408), 'answered 408 when it was fetched'],
  [
    'redirects without end',
    (response) => void response.writeHead(302, { location: '/' }).end(),
    'redirects too many times',
  ],
  [
    'nothing and hangs up',
    (response) => void response.destroy(),
    'closed the connection too early',
  ],
  [
    'half a picture',
    (response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write(Buffer.alloc(500), () => response.destroy());
    },
    'closed the connection too early',
  ],
])(
  'an address that responds with %s may be retried, and nothing is stored',
  async (_, respond, why) => {
    const { errorOf, keys } = await setUp();
    const web = await webServer({ '/': respond });

    const error = await errorOf(web.url);

    expect(error).toBeInstanceOf(InputUnavailable);
    expect(error).toHaveProperty('message', `image_urls[1] ${why}.`);
    expect(await keys(Bucket)).toEqual([]);
  },
);

test('an address that refuses the connection may be retried', async () => {
  const { errorOf } = await setUp();
  const web = await webServer({});
  await web[Symbol.asyncDispose]();

  const error = await errorOf(web.url);

  expect(error).toBeInstanceOf(InputUnavailable);
  expect(error).toHaveProperty('message', 'image_urls[1] refused the connection.');
});
