import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import type { S3Event } from '../../../../local/aws/s3/notification.ts';
import { clientOf, localS3 } from './local-s3.ts';

const Bucket = 'photos';
const a = { Bucket, Key: 'a' };
const versioned = { versioned: true };

const put = async (client: S3Client, Body: string, Key = 'a') =>
  (await client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId ?? '';
const read = async (client: S3Client, VersionId?: string) => {
  const { Body } = await client.send(new GetObjectCommand({ ...a, VersionId }));
  return Body?.transformToString();
};
const remove = (client: S3Client, VersionId?: string, Key = 'a') =>
  client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
const list = (client: S3Client, input: Partial<ListObjectVersionsCommandInput> = {}) =>
  client.send(new ListObjectVersionsCommand({ Bucket, ...input }));
const idsOf = ({ Versions = [] }: ListObjectVersionsCommandOutput) =>
  Versions.map(({ VersionId }) => VersionId);
const keys = async (client: S3Client) => {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key }) => Key);
};

test('every write has a version of its own, and all of them can be read', async () => {
  const events: S3Event[] = [];
  const { client } = await localS3({
    ...versioned,
    notifications: [{ prefix: '', notify: (event) => void events.push(event) }],
  });
  const [one, two] = [await put(client, 'one'), await put(client, 'two')];

  const newest = await client.send(new HeadObjectCommand(a));

  expect(one).not.toBe(two);
  expect(newest.VersionId).toBe(two);
  expect([await read(client), await read(client, two), await read(client, one)]).toEqual([
    'two',
    'two',
    'one',
  ]);
  const ids = events.flatMap(({ Records }) => Records.map(({ s3 }) => s3.object.versionId));
  expect(ids).toEqual([one, two]);
});

test('a deleted object is hidden by a delete marker, and is back when the marker is deleted', async () => {
  const { client } = await localS3(versioned);
  const one = await put(client, 'one');

  const deleted = await remove(client);
  const marker = deleted.VersionId;

  expect(deleted).toMatchObject({ DeleteMarker: true });
  expect(await keys(client)).toEqual([]);
  await expect(read(client)).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(client.send(new HeadObjectCommand(a))).rejects.toMatchObject({ name: 'NotFound' });
  expect(await read(client, one)).toBe('one');
  await expect(read(client, marker)).rejects.toMatchObject({
    name: 'MethodNotAllowed',
    $metadata: { httpStatusCode: 405 },
  });

  expect(await remove(client, marker)).toMatchObject({ DeleteMarker: true, VersionId: marker });
  expect(await read(client)).toBe('one');
  expect(await keys(client)).toEqual(['a']);
});

test('the response for a deleted object names its delete marker', async () => {
  const { client } = await localS3(versioned);
  await put(client, 'one');
  const { VersionId } = await remove(client);

  const { $response } = await client
    .send(new GetObjectCommand(a))
    .then(() => ({ $response: undefined }))
    .catch((error: { $response?: { headers: Record<string, string> } }) => error);

  expect($response?.headers).toMatchObject({
    'x-amz-delete-marker': 'true',
    'x-amz-version-id': VersionId,
  });
});

test('a deleted version is gone for good, and the one before it is read again', async () => {
  const { client, dataDir } = await localS3(versioned);
  const [one, two] = [await put(client, 'one'), await put(client, 'two')];

  expect(await remove(client, two)).toMatchObject({ VersionId: two });

  expect(await read(client)).toBe('one');
  await expect(read(client, two)).rejects.toMatchObject({ name: 'NoSuchVersion' });
  await remove(client, one);
  await remove(client, one);
  expect(await readdir(join(dataDir, Bucket))).toEqual([]);
});

test.each(['null', 'f'.repeat(32)])('there is no version %s of a key', async (VersionId) => {
  const { client } = await localS3(versioned);
  await put(client, 'one');

  await expect(read(client, VersionId)).rejects.toMatchObject({
    name: 'NoSuchVersion',
    $metadata: { httpStatusCode: 404 },
  });
  expect((await remove(client, VersionId)).$metadata.httpStatusCode).toBe(204);
  expect(await read(client)).toBe('one');
});

test.each(['', 'v1'])('%j cannot be the id of a version', async (VersionId) => {
  const { client } = await localS3(versioned);

  await expect(read(client, VersionId)).rejects.toMatchObject({ name: 'InvalidArgument' });
});

test('an old version can be copied, and so be restored', async () => {
  const { client } = await localS3(versioned);
  const one = await put(client, 'one');
  await put(client, 'two');
  const marker = (await remove(client)).VersionId;
  const copy = (CopySource: string) => client.send(new CopyObjectCommand({ ...a, CopySource }));

  const copied = await copy(`photos/a?versionId=${one}`);

  expect(copied).toMatchObject({ CopySourceVersionId: one, VersionId: expect.any(String) });
  expect(await read(client)).toBe('one');
  await expect(copy(`photos/a?versionId=${marker}`)).rejects.toMatchObject({
    name: 'InvalidRequest',
  });
  await expect(copy(`photos/a?versionId=${'0'.repeat(32)}`)).rejects.toMatchObject({
    name: 'NoSuchVersion',
  });
});

test('a multipart upload makes a version, also of parts that are copied from one', async () => {
  const { client } = await localS3(versioned);
  const one = await put(client, 'one');
  await put(client, 'two');
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(a));
  await client.send(new UploadPartCommand({ ...a, UploadId, PartNumber: 1, Body: 'draft' }));
  const part = await client.send(
    new UploadPartCopyCommand({
      ...a,
      UploadId,
      PartNumber: 1,
      CopySource: `photos/a?versionId=${one}`,
    }),
  );

  const Parts = [{ PartNumber: 1, ETag: part.CopyPartResult?.ETag }];
  const completed = await client.send(
    new CompleteMultipartUploadCommand({ ...a, UploadId, MultipartUpload: { Parts } }),
  );

  expect(part.CopySourceVersionId).toBe(one);
  expect(await read(client)).toBe('one');
  expect((await list(client)).Versions?.map(({ VersionId }) => VersionId)[0]).toBe(
    completed.VersionId,
  );
});

test('versions are listed by key, the newest first, with their delete markers', async () => {
  const { client } = await localS3(versioned);
  const ids = [await put(client, 'one'), await put(client, 'two two')];
  const other = await put(client, 'b', 'b');
  const marker = (await remove(client)).VersionId;

  const { Versions, DeleteMarkers, ...rest } = await list(client);

  expect(Versions).toMatchObject([
    { Key: 'a', VersionId: ids[1], IsLatest: false, Size: 7, StorageClass: 'STANDARD' },
    { Key: 'a', VersionId: ids[0], IsLatest: false, Size: 3 },
    { Key: 'b', VersionId: other, IsLatest: true, Size: 1, Owner: { ID: expect.any(String) } },
  ]);
  expect(DeleteMarkers).toMatchObject([{ Key: 'a', VersionId: marker, IsLatest: true }]);
  expect(rest).toMatchObject({ Name: Bucket, IsTruncated: false, MaxKeys: 1000 });
});

test('a list of versions continues after its markers, also after a version that was deleted', async () => {
  const { client } = await localS3(versioned);
  const ids: string[] = [];
  for (const text of ['1', '2', '3', '4']) ids.unshift(await put(client, text));
  ids.push(
    await put(client, 'in', 'c/1'),
    await put(client, 'in', 'c/2'),
    await put(client, 'd', 'd'),
  );

  const first = await list(client, { MaxKeys: 2 });
  await remove(client, ids[1]);
  const rest = await list(client, {
    KeyMarker: first.NextKeyMarker,
    VersionIdMarker: first.NextVersionIdMarker,
  });
  const grouped = await list(client, { KeyMarker: 'a', Delimiter: '/', MaxKeys: 1 });
  const next = await list(client, { KeyMarker: grouped.NextKeyMarker, Delimiter: '/' });

  expect(first).toMatchObject({
    IsTruncated: true,
    NextKeyMarker: 'a',
    NextVersionIdMarker: ids[1],
  });
  expect([first, rest].flatMap(idsOf)).toEqual(ids);
  expect(grouped).toMatchObject({
    CommonPrefixes: [{ Prefix: 'c/' }],
    NextKeyMarker: 'c/',
    IsTruncated: true,
  });
  expect(next.Versions).toMatchObject([{ Key: 'd' }]);
  expect(next.CommonPrefixes).toBeUndefined();
  await expect(list(client, { VersionIdMarker: ids[0] })).rejects.toMatchObject({
    name: 'InvalidArgument',
  });
});

test('a bucket without versions has one version of an object, which is called null', async () => {
  const { client } = await localS3();

  expect(await put(client, 'one')).toBe('');
  expect(await put(client, 'two')).toBe('');

  expect(await read(client, 'null')).toBe('two');
  expect((await list(client)).Versions).toMatchObject([{ VersionId: 'null', IsLatest: true }]);
  await remove(client, 'null');
  expect(await list(client)).not.toHaveProperty('Versions');
});

test('versions survive a restart, also when the bucket got or lost its versioning', async () => {
  const bucket = { versioned: false };
  const setUp = await localS3(bucket);
  await put(setUp.client, 'before');
  await setUp.stop();

  bucket.versioned = true;
  const second = await setUp.restart(bucket);
  const client = clientOf(second.url);
  const one = await put(client, 'one');
  expect([await read(client), await read(client, 'null')]).toEqual(['one', 'before']);
  await remove(client);
  await second.close();

  bucket.versioned = false;
  const last = clientOf((await setUp.restart(bucket)).url);
  await expect(read(last)).rejects.toMatchObject({ name: 'NoSuchKey' });
  await put(last, 'after');
  expect([await read(last), await read(last, 'null'), await read(last, one)]).toEqual([
    'after',
    'after',
    'one',
  ]);
  expect(await remove(last)).toMatchObject({ DeleteMarker: true, VersionId: 'null' });
  expect(await read(last, one)).toBe('one');
});
