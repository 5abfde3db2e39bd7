import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { resultKey } from '../../functions/adapters/aws/s3/bucket-keys.ts';
import { resultStore, storedResults } from '../../functions/adapters/aws/s3/result-bucket.ts';
import { sandboxOutput } from '../../functions/domain/images/with-text.ts';
import { ResultUnavailable } from '../../functions/domain/model/workflow-errors.ts';
import { bmp, chunk, jpeg, lossyWebp, png } from '../support/pictures.ts';
import { sampleId } from '../support/tasks.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import { s3, s3Client } from './s3.ts';
import { bucketNames } from './template-resources.ts';
import { webServer } from './web-server.ts';

const Bucket = bucketNames.results;
const Key = resultKey(sampleId, 1, 'png');
const picture = png(640, 480, { before: [chunk('tEXt', randomBytes(1_999_000))] });
const ignore = () => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const options = {
  rules: { allowLoopback: true },
  userAgent: 'Darkroom/1 (+https://a.example.com)',
  inputBucket: bucketNames.inputs,
};

async function setUp() {
  const bucket = await s3();
  const results = resultStore(bucket.client, Bucket, options);
  return { ...bucket, results, stored: storedResults(bucket.client, Bucket) };
}

test.each([
  ['PNG', 'image/png', 'png', png(640, 480)],
  ['JPEG that is declared as PNG', 'image/png', 'jpeg', jpeg(640, 480)],
  ['WebP that is declared as bytes', 'application/octet-stream', 'webp', lossyWebp(640, 480)],
  ['BMP that is declared as text', 'text/plain; charset=utf-8', 'bmp', bmp(64, 48)],
])(
  'a %s is stored with the type and the extension of its content',
  async (_, said, format, bytes) => {
    const { results, get } = await setUp();
    const web = await webServer({
      '/1': (response) => void response.setHeader('content-type', said).end(bytes),
    });

    const image = await results.store(sampleId, 1, `${web.url}/1`);

    const key = `results/${sampleId}/1.${format}`;
    expect(image).toEqual({ key, contentType: `image/${format}`, bytes: bytes.length });
    expect(await get({ Bucket, Key: key })).toEqual({ type: `image/${format}`, bytes });
  },
);

test('the result of a test task whose input is gone counts as one that cannot be fetched, so that the task ends', async () => {
  const { results, keys } = await setUp();

  const storing = results.storeInput(sampleId, 1, { index: 0, format: 'png' }, sandboxOutput);

  await expect(storing).rejects.toBeInstanceOf(ResultUnavailable);
  await expect(storing).rejects.toThrow('the copy of input 0 is gone');
  expect(await keys(Bucket)).toEqual([]);
});

test.each<[string, Buffer, string]>([
  ['an HTML page', Buffer.from('<html><body>Not found</body></html>'), 'is an HTML page'],
  ['an error in JSON', Buffer.from('{"code": "AccessDenied"}'), 'is JSON'],
  ['a JPEG that is cut off', jpeg(640, 480).subarray(0, 300), 'is a JPEG that is cut off'],
  ['a PNG that is cut off', png(640, 480).subarray(0, -1), 'is a PNG that is cut off'],
  ['a compressed picture', gzipSync(png(640, 480)), 'is compressed with gzip'],
  ['nothing', Buffer.alloc(0), 'is not a picture'],
])('%s is an image that was not made, and is not stored', async (_, body, why) => {
  const { results, keys } = await setUp();
  const web = await webServer({
    '/1': (response) => void response.setHeader('content-type', 'image/png').end(body),
  });

  const storing = results.store(sampleId, 1, `${web.url}/1`);

  await expect(storing).rejects.toBeInstanceOf(ResultUnavailable);
  await expect(storing).rejects.toThrow(`result 1 ${why}`);
  expect(await keys(Bucket)).toEqual([]);
});

test.each([
  ['fetched', 8192, undefined],
  ['an image that was not made', 8193, 'result 1 could not be fetched'],
])('a signed link of a provider is %s with %i characters', async (_, length, problem) => {
  const { results, keys } = await setUp();
  const path = (url: string) => `/1?signature=${'a'.repeat(length - url.length - 13)}`;
  const pages: Record<string, (response: ServerResponse) => void> = {};
  const web = await webServer(pages);
  pages[path(web.url)] = (response) => void response.end(picture);

  const stored = results
    .store(sampleId, 1, web.url + path(web.url))
    .catch(({ message }) => message);

  expect(await stored).toEqual(problem ?? expect.objectContaining({ key: Key }));
  expect(await keys(Bucket)).toEqual(problem ? [] : [Key]);
  expect(web.requests).toHaveLength(problem ? 0 : 1);
});

test('a result that arrives in chunks without a content length is stored', async () => {
  const { results, get } = await setUp();
  const pieces = Array.from({ length: 40 }, (_, index) =>
    picture.subarray(index * 50_000, (index + 1) * 50_000),
  );
  const web = await webServer({ '/1': (response) => void Readable.from(pieces).pipe(response) });

  await results.store(sampleId, 1, `${web.url}/1`);

  expect((await get({ Bucket, Key })).bytes.equals(picture)).toBe(true);
});

test('the stored results of a task are found again by their numbers', async () => {
  const { results, put } = await setUp();
  const web = await webServer({ '/1': (response) => void response.end(picture) });
  const first = await results.store(sampleId, 1, `${web.url}/1`);
  await put({ Bucket, Key: resultKey(sampleId, 3, 'webp') }, 'abc');
  await put({ Bucket, Key: resultKey('task-unified-1757156493-00000000', 2, 'png') }, 'abc');

  expect(await results.stored(sampleId)).toEqual(
    new Map([
      [1, first],
      [3, { key: resultKey(sampleId, 3, 'webp'), contentType: 'image/webp', bytes: 3 }],
    ]),
  );
});

test('a result that was damaged on its way into the bucket is not stored', async () => {
  const { url, keys } = await setUp();
  const damaged = Buffer.from(picture);
  damaged.writeUInt8(255 - damaged.readUInt8(0), 0); // now it is another byte
  const proxy = await interceptingProxy(url, () => ({ body: damaged }));
  const client = s3Client(proxy.url, { logger: silent }); // the client would warn that it can send a stream only once
  const results = resultStore(client, Bucket, options);
  const web = await webServer({ '/1': (response) => void response.end(picture) });

  const storing = results.store(sampleId, 1, `${web.url}/1`);

  await expect(storing).rejects.toMatchObject({ name: 'BadDigest' });
  expect(await keys(Bucket)).toEqual([]);
});

test.each<[string, (response: ServerResponse) => void]>([
  ['responds with 404', (response) => void response.writeHead(404).end()],
  ['has expired', (response) => void response.writeHead(403).end('<Error/>')],
  ['responds with 500', (response) => void response.writeHead(500).end()],
  ['is empty', (response) => void response.end()],
  ['hangs up', (response) => void response.destroy()],
  [
    'breaks off',
    (response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write(Buffer.alloc(500), () => response.destroy());
    },
  ],
  ['redirects without end', (response) => void response.writeHead(302, { location: '/1' }).end()],
  [
    'redirects to a private address',
    (response) => void response.writeHead(302, { location: 'https://10.0.0.1/' }).end(),
  ],
])('a result whose address %s is unavailable, and nothing is stored', async (_, respond) => {
  const { results, keys } = await setUp();
  const web = await webServer({ '/1': respond });

  const storing = results.store(sampleId, 1, `${web.url}/1`);

  await expect(storing).rejects.toBeInstanceOf(ResultUnavailable);
  expect(await keys(Bucket)).toEqual([]);
});

test('a result whose address refuses the connection is unavailable', async () => {
  const { results } = await setUp();
  const web = await webServer({});
  await web[Symbol.asyncDispose]();

  await expect(results.store(sampleId, 1, web.url)).rejects.toBeInstanceOf(ResultUnavailable);
});

test('a link to a result works for five minutes, and has the name to save it under', async () => {
  const { stored, put } = await setUp();
  await put({ Bucket, Key }, picture, 'image/jpeg');
  const image = { key: Key, contentType: 'image/jpeg', bytes: picture.length };

  const link = await stored.link(image, `${sampleId}-1`);

  const download = await fetch(link);
  expect(download.headers.get('content-disposition')).toBe(`inline; filename="${sampleId}-1.jpeg"`);
  expect(download.headers.get('content-type')).toBe('image/jpeg');
  expect(Buffer.from(await download.arrayBuffer()).equals(picture)).toBe(true);
  expect(new URL(link).searchParams.get('X-Amz-Expires')).toBe('300');
});

test('a link to one result opens no other result, and no other name', async () => {
  const { stored, put } = await setUp();
  await put({ Bucket, Key: resultKey(sampleId, 2, 'png') }, picture);
  const link = await stored.link({ key: Key, contentType: 'image/png', bytes: 1 }, 'cat');

  expect((await fetch(link.replace('/1.png?', '/2.png?'))).status).toBe(403);
  expect((await fetch(link.replace('cat.png', 'cat.exe'))).status).toBe(403);
});

test('the bytes of a result are those that were stored', async () => {
  const { stored, put } = await setUp();
  await put({ Bucket, Key }, picture);

  const bytes = await stored.read({ key: Key, contentType: 'image/png', bytes: picture.length });

  expect(bytes.equals(picture)).toBe(true);
});
