import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, test } from 'vitest';
import { clientOf, localS3 } from './local-s3.ts';

const Bucket = 'photos';

const put = (
  client: S3Client,
  Key: string,
  Body: PutObjectCommandInput['Body'] = 'hello',
  more = {},
) => client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));

const get = (client: S3Client, Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  client.send(new GetObjectCommand({ Bucket, Key, ...more }));

const read = async (client: S3Client, Key: string, more = {}) =>
  (await get(client, Key, more)).Body?.transformToString();

test('an object is read with its bytes, type and metadata', async () => {
  const { client } = await localS3();
  const headers = {
    ContentType: 'text/plain',
    ContentDisposition: 'inline; filename="a.txt"',
    CacheControl: 'max-age=60',
    Metadata: { owner: 'acct-1' },
  };
  const { ETag } = await put(client, 'a.txt', 'hello', headers);

  const got = await get(client, 'a.txt');
  expect(got).toMatchObject({ ...headers, ETag, ContentLength: 5 });
  expect(await got.Body?.transformToString()).toBe('hello');
  expect(ETag).toBe(`"${createHash('md5').update('hello').digest('hex')}"`);
  expect(await client.send(new HeadObjectCommand({ Bucket, Key: 'a.txt' }))).toMatchObject({
    ...headers,
    ETag,
    ContentLength: 5,
  });
});

test('a stream is accepted in the aws-chunked form that the SDK sends by default', async () => {
  const { client } = await localS3();
  const bytes = Buffer.alloc(300_000, 'picture');
  const chunks = [bytes.subarray(0, 7), bytes.subarray(7, 200_000), bytes.subarray(200_000)];

  await put(client, 'big', Readable.from(chunks), { ContentLength: bytes.length });

  const got = await get(client, 'big');
  expect(got.ContentEncoding).toBeUndefined();
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
});

test.each([
  '../../etc/passwd',
  'a/../b',
  'a%2fb',
  'ünï/日本 +&?#.png',
  "it's (1)!*~",
  '.',
  'a//b/',
  '\u0001<&>',
])('the key %j is only a name and never a path', async (key) => {
  const { client, dataDir } = await localS3();

  await put(client, key, 'mine');

  expect(await read(client, key)).toBe('mine');
  expect((await readdir(dataDir)).toSorted()).toEqual(['archive', 'photos']);
  expect((await client.send(new ListObjectsV2Command({ Bucket }))).Contents).toMatchObject([
    { Key: key },
  ]);
});

test.each([
  ['bytes=0-3', '0123', 'bytes 0-3/10'],
  ['bytes=7-', '789', 'bytes 7-9/10'],
  ['bytes=-2', '89', 'bytes 8-9/10'],
  ['bytes=5-999', '56789', 'bytes 5-9/10'],
])('range %s returns %s', async (Range, piece, ContentRange) => {
  const { client } = await localS3();
  await put(client, 'digits', '0123456789');

  const got = await get(client, 'digits', { Range });

  expect(got).toMatchObject({ $metadata: { httpStatusCode: 206 }, ContentRange });
  expect(await got.Body?.transformToString()).toBe(piece);
});

test.each(['bytes=0-1,3-4', 'bytes=5-2', 'lines=1-2'])(
  'range %s returns the whole object',
  async (Range) => {
    const { client } = await localS3();
    await put(client, 'digits', '0123456789');

    expect(await read(client, 'digits', { Range })).toBe('0123456789');
  },
);

test.each(['bytes=10-', 'bytes=-0'])('range %s after the end is rejected', async (Range) => {
  const { client } = await localS3();
  await put(client, 'digits', '0123456789');

  await expect(get(client, 'digits', { Range })).rejects.toMatchObject({ name: 'InvalidRange' });
});

test('an object that the reader already has is not sent again', async () => {
  const { client } = await localS3();
  const { ETag } = await put(client, 'a');

  await expect(get(client, 'a', { IfNoneMatch: ETag })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 304 },
  });
  await expect(get(client, 'a', { IfMatch: '"other"' })).rejects.toMatchObject({
    name: 'PreconditionFailed',
  });
});

test('a copy has the bytes and metadata of its source', async () => {
  const { client } = await localS3();
  const { ETag } = await put(client, 'in/a b+c.png', 'pixels', {
    ContentType: 'image/png',
    Metadata: { n: '1' },
  });

  const CopySource = `photos/${encodeURIComponent('in/a b+c.png')}`;
  const copied = await client.send(
    new CopyObjectCommand({ Bucket: 'archive', Key: 'copy', CopySource, CopySourceIfMatch: ETag }),
  );

  expect(copied.CopyObjectResult?.ETag).toBe(ETag);
  expect(
    await client.send(new HeadObjectCommand({ Bucket: 'archive', Key: 'copy' })),
  ).toMatchObject({
    ContentType: 'image/png',
    Metadata: { n: '1' },
    ContentLength: 6,
  });
});

test('a copy can replace the metadata', async () => {
  const { client } = await localS3();
  await put(client, 'a', 'pixels', { ContentType: 'image/png' });
  const replaced = { MetadataDirective: 'REPLACE', ContentType: 'image/webp' } as const;
  const copy = { Bucket, Key: 'a', CopySource: 'photos/a' };

  await expect(client.send(new CopyObjectCommand(copy))).rejects.toMatchObject({
    name: 'InvalidRequest',
  });
  await client.send(new CopyObjectCommand({ ...copy, ...replaced }));

  expect(await get(client, 'a')).toMatchObject({ ContentType: 'image/webp' });
});

test.each([
  ['PreconditionFailed', { CopySource: 'photos/a', CopySourceIfMatch: '"other"' }],
  ['NoSuchKey', { CopySource: 'photos/none' }],
  ['NoSuchBucket', { CopySource: 'nowhere/a' }],
])('a copy is rejected with %s', async (name, source) => {
  const { client } = await localS3();
  await put(client, 'a');

  const copy = client.send(new CopyObjectCommand({ Bucket, Key: 'b', ...source }));

  await expect(copy).rejects.toMatchObject({ name });
});

test('a deleted object is gone, and deleting it again is fine', async () => {
  const { client, dataDir } = await localS3();
  await put(client, 'a');
  const remove = () => client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));

  expect((await remove()).$metadata.httpStatusCode).toBe(204);
  expect((await remove()).$metadata.httpStatusCode).toBe(204);

  await expect(get(client, 'a')).rejects.toMatchObject({ name: 'NoSuchKey' });
  expect(await readdir(join(dataDir, Bucket))).toEqual([]);
});

test('a list is sorted by bytes and continues where it stopped', async () => {
  const { client } = await localS3();
  for (const key of ['in/b', 'in/a', 'out/x', 'in/😀', 'in/\uffee']) await put(client, key);
  const page = async (ContinuationToken?: string) =>
    client.send(new ListObjectsV2Command({ Bucket, Prefix: 'in/', MaxKeys: 2, ContinuationToken }));

  const first = await page();
  const second = await page(first.NextContinuationToken);

  expect(first).toMatchObject({
    IsTruncated: true,
    KeyCount: 2,
    Contents: [{ Key: 'in/a', Size: 5 }, { Key: 'in/b' }],
  });
  expect(second).toMatchObject({
    IsTruncated: false,
    Contents: [{ Key: 'in/\uffee' }, { Key: 'in/😀' }],
  });
});

test('missing objects and buckets have S3’s error names', async () => {
  const { client } = await localS3();

  await expect(get(client, 'none')).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({
    name: 'NotFound',
  });
  await expect(client.send(new ListObjectsV2Command({ Bucket: 'nowhere' }))).rejects.toMatchObject({
    name: 'NoSuchBucket',
  });
  await expect(client.send(new HeadBucketCommand({ Bucket: 'nowhere' }))).rejects.toMatchObject({
    name: 'NotFound',
  });
  expect((await client.send(new HeadBucketCommand({ Bucket }))).$metadata.httpStatusCode).toBe(200);
});

test.each([
  ['ContentMD5', 'BadDigest'],
  ['ChecksumSHA256', 'BadDigest'],
  ['ChecksumSHA1', 'BadDigest'],
  ['ChecksumCRC32', 'BadDigest'],
])('with a wrong %s no object is created', async (field, name) => {
  const { client, dataDir } = await localS3();
  const algorithm = { ContentMD5: 'md5', ChecksumSHA256: 'sha256', ChecksumSHA1: 'sha1' }[field];
  const wrong = algorithm ? createHash(algorithm).update('other').digest('base64') : 'AAAAAA==';

  await expect(put(client, 'a', 'hello', { [field]: wrong })).rejects.toMatchObject({ name });

  await expect(get(client, 'a')).rejects.toMatchObject({ name: 'NoSuchKey' });
  expect(await readdir(join(dataDir, Bucket))).toEqual([]);
});

test('correct digests are accepted', async () => {
  const { client } = await localS3();
  const hash = (name: string) => createHash(name).update('hello').digest('base64');

  await put(client, 'a', 'hello', { ContentMD5: hash('md5'), ChecksumSHA256: hash('sha256') });

  expect(await read(client, 'a')).toBe('hello');
});

test('a digest that cannot be computed here is rejected and not ignored', async () => {
  const { client } = await localS3();

  await expect(put(client, 'a', 'hello', { ChecksumCRC32C: 'AAAAAA==' })).rejects.toMatchObject({
    name: 'NotImplemented',
  });
});

test('only one of several parallel writes with If-None-Match succeeds', async () => {
  const { client } = await localS3();
  const create = () => put(client, 'once', 'x', { IfNoneMatch: '*' });

  const outcomes = await Promise.allSettled([create(), create(), create()]);

  expect(outcomes.map(({ status }) => status).toSorted()).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
  ]);
});

test('a reader gets one whole version while others write', async () => {
  const { client } = await localS3();
  await put(client, 'a', 'first');
  const writes = Array.from({ length: 20 }, (_, n) => put(client, 'a', `version ${n}`));
  const reads = Array.from({ length: 20 }, async () => {
    const got = await get(client, 'a');
    return { etag: got.ETag, bytes: (await got.Body?.transformToString()) ?? '' };
  });

  await Promise.all(writes);

  for (const { etag, bytes } of await Promise.all(reads)) {
    expect(etag).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`);
  }
});

test('an upload that breaks off leaves nothing behind and reports no error', async () => {
  const { client, dataDir, errors } = await localS3();
  const files = () => readdir(join(dataDir, Bucket));
  const url = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: 'a' }));
  const upload = request(url, { method: 'PUT', headers: { 'content-length': '100' } });
  upload.on('error', () => undefined);
  upload.write('half of it');
  await expect.poll(files).toHaveLength(1);

  upload.destroy();

  await expect.poll(files).toEqual([]);
  expect(errors).toEqual([]);
});

test('objects survive a restart, and files that a crash left behind are deleted', async () => {
  const setUp = await localS3();
  await put(setUp.client, 'a', 'old');
  await put(setUp.client, 'a', 'kept', { ContentType: 'text/plain' });
  await setUp.stop();
  await writeFile(join(setUp.dataDir, Bucket, 'half.data'), 'half');

  const { url } = await setUp.restart();

  const got = await get(clientOf(url), 'a');
  expect(got.ContentType).toBe('text/plain');
  expect(await got.Body?.transformToString()).toBe('kept');
  expect(await readdir(join(setUp.dataDir, Bucket))).toHaveLength(2);
});
