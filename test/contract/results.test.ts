import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { resultKey } from '../../functions/aws/bucket-keys.ts';
import { resultLinks, resultStore } from '../../functions/aws/result-bucket.ts';
import { ResultUnavailable } from '../../functions/task/failures.ts';
import { sampleId } from '../support/tasks.ts';
import { front } from './front.ts';
import { origin } from './origin.ts';
import { s3, s3Client } from './s3.ts';
import { bucketOf } from './stage.ts';

const Bucket = bucketOf.results;
const Key = resultKey(sampleId, 1);
const picture = randomBytes(2_000_000);
const ignore = () => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

async function world() {
  const bucket = await s3();
  const results = resultStore(bucket.client, Bucket, { loopback: true });
  return { ...bucket, results, links: resultLinks(bucket.client, Bucket) };
}

test.each([
  ['image/png', 'image/png'],
  ['image/jpeg; charset=binary', 'image/jpeg'],
  ['image/webp', 'image/webp'],
  ['application/octet-stream', 'image/png'],
])('keeps a result that calls itself %s as %s', async (said, contentType) => {
  const { results, get } = await world();
  const web = await origin({
    '/1': (response) => void response.writeHead(200, { 'content-type': said }).end(picture),
  });

  const image = await results.keep(sampleId, 1, `${web.url}/1`);

  expect(image).toEqual({ key: Key, contentType, bytes: picture.length });
  const { type, bytes } = await get({ Bucket, Key });
  expect(type).toBe(contentType);
  expect(bytes.equals(picture)).toBe(true);
});

test('keeps a result that comes in pieces and does not say how long it is', async () => {
  const { results, get } = await world();
  const pieces = Array.from({ length: 40 }, (_, index) => picture.subarray(index, index + 50_000));
  const web = await origin({ '/1': (response) => void Readable.from(pieces).pipe(response) });

  await results.keep(sampleId, 1, `${web.url}/1`);

  expect((await get({ Bucket, Key })).bytes.equals(Buffer.concat(pieces))).toBe(true);
});

test('a result that is there is not fetched again, be it gone where it was', async () => {
  const { results, keys, get } = await world();
  const web = await origin({
    '/1': (response) => void response.setHeader('content-type', 'image/webp').end(picture),
  });
  const first = await results.keep(sampleId, 1, `${web.url}/1`);

  expect(await results.keep(sampleId, 1, `${web.url}/1`)).toEqual(first);
  expect(await results.keep(sampleId, 1, `${web.url}/gone`)).toEqual(first);

  expect(first).toEqual({ key: Key, contentType: 'image/webp', bytes: picture.length });
  expect(web.seen).toHaveLength(1);
  expect(await keys(Bucket)).toEqual([Key]);
  expect((await get({ Bucket, Key })).bytes.equals(picture)).toBe(true);
});

test('a result that is there is not taken for another one', async () => {
  const { results, keys } = await world();
  const web = await origin({ '/1': (response) => void response.end(picture) });
  await results.keep(sampleId, 1, `${web.url}/1`);

  await results.keep(sampleId, 2, `${web.url}/1`);

  expect(web.seen).toHaveLength(2);
  expect(await keys(Bucket)).toEqual([Key, resultKey(sampleId, 2)]);
});

test('what was damaged on its way into the bucket is not kept', async () => {
  const { url, keys } = await world();
  const damaged = Buffer.from(picture).fill(0, 0, 1);
  // The first request only asks whether it is there.
  const between = await front(url, (nth) => (nth === 1 ? {} : { body: damaged }));
  const client = s3Client(between.url, { logger: silent }); // it would warn that it sends a stream once
  const results = resultStore(client, Bucket, { loopback: true });
  const web = await origin({ '/1': (response) => void response.end(picture) });

  const keeping = results.keep(sampleId, 1, `${web.url}/1`);

  await expect(keeping).rejects.toMatchObject({ name: 'BadDigest' });
  expect(await keys(Bucket)).toEqual([]);
});

test.each<[string, (response: ServerResponse) => void]>([
  ['answers 404', (response) => void response.writeHead(404).end()],
  ['has run out', (response) => void response.writeHead(403).end('<Error/>')],
  ['answers 500', (response) => void response.writeHead(500).end()],
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
    'leads to a private address',
    (response) => void response.writeHead(302, { location: 'https://10.0.0.1/' }).end(),
  ],
])('a result that %s is not available, and nothing is kept', async (_, answer) => {
  const { results, keys } = await world();
  const web = await origin({ '/1': answer });

  const keeping = results.keep(sampleId, 1, `${web.url}/1`);

  await expect(keeping).rejects.toBeInstanceOf(ResultUnavailable);
  expect(await keys(Bucket)).toEqual([]);
});

test('a result where nobody listens is not available', async () => {
  const { results } = await world();
  const web = await origin({});
  await web[Symbol.asyncDispose]();

  await expect(results.keep(sampleId, 1, web.url)).rejects.toBeInstanceOf(ResultUnavailable);
});

test('links to a result for five minutes, under the name it is to be saved as', async () => {
  const { links, put } = await world();
  await put({ Bucket, Key }, picture, 'image/jpeg');
  const image = { key: Key, contentType: 'image/jpeg', bytes: picture.length };

  const link = await links.link(image, `${sampleId}-1`);

  const answer = await fetch(link);
  expect(answer.headers.get('content-disposition')).toBe(`inline; filename="${sampleId}-1.jpeg"`);
  expect(answer.headers.get('content-type')).toBe('image/jpeg');
  expect(Buffer.from(await answer.arrayBuffer()).equals(picture)).toBe(true);
  expect(new URL(link).searchParams.get('X-Amz-Expires')).toBe('300');
});

test('a link to one result opens no other, and not under another name', async () => {
  const { links, put } = await world();
  await put({ Bucket, Key: resultKey(sampleId, 2) }, picture);
  const link = await links.link({ key: Key, contentType: 'image/png', bytes: 1 }, 'cat');

  expect((await fetch(link.replace('/1?', '/2?'))).status).toBe(403);
  expect((await fetch(link.replace('cat.png', 'cat.exe'))).status).toBe(403);
});
