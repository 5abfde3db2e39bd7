import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  type UploadPartCommandInput,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, test } from 'vitest';
import type { S3Event } from '../../../../local/aws/s3/notification.ts';
import { clientOf, localS3 } from './local-s3.ts';

const object = { Bucket: 'photos', Key: 'in/big.bin' };
const minPart = 5 * 1024 * 1024;
const first = randomBytes(minPart);
const last = Buffer.from('the end');

/** An upload that was created, with the calls that need its id. */
async function begin(client: S3Client, input: Partial<CreateMultipartUploadCommandInput> = {}) {
  const created = await client.send(new CreateMultipartUploadCommand({ ...object, ...input }));
  const upload = { Bucket: object.Bucket, Key: created.Key, UploadId: created.UploadId };
  return {
    created,
    upload,
    part: (
      PartNumber: number,
      Body: string | Buffer | Readable,
      more: Partial<UploadPartCommandInput> = {},
    ) => client.send(new UploadPartCommand({ ...upload, PartNumber, Body, ...more })),
    complete: (
      Parts: readonly CompletedPart[],
      more: Partial<CompleteMultipartUploadCommandInput> = {},
    ) =>
      client.send(
        new CompleteMultipartUploadCommand({
          ...upload,
          MultipartUpload: { Parts: [...Parts] },
          ...more,
        }),
      ),
  };
}

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest();
const crc = (...bytes: readonly Buffer[]) => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(bytes.reduce((before, more) => crc32(more, before), 0));
  return sum;
};
const read = async (client: S3Client) => {
  const { Body } = await client.send(new GetObjectCommand(object));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};
const filesOf = (dataDir: string) => readdir(join(dataDir, object.Bucket));

test('the parts become one object, with the type and metadata of the start', async () => {
  const events: S3Event[] = [];
  const { client, dataDir } = await localS3({
    notifications: [{ prefix: 'in/', notify: (event) => void events.push(event) }],
  });
  const headers = { ContentType: 'image/png', Metadata: { owner: 'acct-1' } };
  const { part, complete } = await begin(client, headers);

  const two = await part(7, last);
  const one = await part(2, Readable.from([first]), { ContentLength: first.length });
  const completed = await complete([
    { PartNumber: 2, ETag: one.ETag },
    { PartNumber: 7, ETag: two.ETag },
  ]);

  const etag = `${md5(Buffer.concat([md5(first), md5(last)])).toString('hex')}-2`;
  expect(completed).toMatchObject({ ...object, ETag: `"${etag}"` });
  expect(await client.send(new HeadObjectCommand(object))).toMatchObject({
    ...headers,
    ETag: `"${etag}"`,
    ContentLength: first.length + last.length,
  });
  expect((await read(client)).equals(Buffer.concat([first, last]))).toBe(true);
  expect(events.flatMap(({ Records }) => Records)).toMatchObject([
    {
      eventName: 'ObjectCreated:CompleteMultipartUpload',
      s3: { object: { key: 'in/big.bin', eTag: etag, size: first.length + last.length } },
    },
  ]);
  expect(await filesOf(dataDir)).toHaveLength(2);
});

test('a part is replaced by a later one with its number, and a part that is not listed is left out', async () => {
  const { client, dataDir } = await localS3();
  const { part, complete } = await begin(client);
  await part(1, 'draft');
  const { ETag } = await part(1, 'final');
  await part(2, 'not wanted');

  await complete([{ PartNumber: 1, ETag }]);

  expect((await read(client)).toString()).toBe('final');
  expect(await filesOf(dataDir)).toHaveLength(2);
});

test('no object exists before its upload is complete, and none after it is aborted', async () => {
  const { client, dataDir } = await localS3();
  const { upload, part } = await begin(client);
  await part(1, first);
  await part(2, last);
  const before = client.send(new HeadObjectCommand(object));
  await expect(before).rejects.toMatchObject({ name: 'NotFound' });

  await client.send(new AbortMultipartUploadCommand(upload));

  expect(await filesOf(dataDir)).toEqual([]);
  await expect(part(3, 'late')).rejects.toMatchObject({ name: 'NoSuchUpload' });
  await expect(client.send(new AbortMultipartUploadCommand(upload))).rejects.toMatchObject({
    name: 'NoSuchUpload',
    $metadata: { httpStatusCode: 404 },
  });
});

test('a part that arrives while its upload is aborted leaves nothing behind', async () => {
  const { client, dataDir } = await localS3();
  const { upload, part } = await begin(client);
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  async function* slowly() {
    yield Buffer.from('half');
    await client.send(new AbortMultipartUploadCommand(upload));
    resolve();
    yield Buffer.from('half');
  }

  const outcome = part(1, Readable.from(slowly()), { ContentLength: 8 });

  await expect(outcome).rejects.toMatchObject({ name: 'NoSuchUpload' });
  await aborted;
  expect(await filesOf(dataDir)).toEqual([]);
});

test('an upload and its parts survive a restart', async () => {
  const setUp = await localS3();
  const { upload, part } = await begin(setUp.client, { ContentType: 'image/png' });
  const one = await part(1, first);
  await setUp.stop();

  const client = clientOf((await setUp.restart()).url);
  const two = await client.send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: last }));
  const Parts = [
    { PartNumber: 1, ETag: one.ETag },
    { PartNumber: 2, ETag: two.ETag },
  ];
  await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));

  expect((await read(client)).equals(Buffer.concat([first, last]))).toBe(true);
  expect(await client.send(new HeadObjectCommand(object))).toMatchObject({
    ContentType: 'image/png',
  });
});

test.each<[string, (one: CompletedPart, two: CompletedPart) => readonly CompletedPart[]]>([
  ['InvalidPartOrder', (one, two) => [two, one]],
  ['InvalidPartOrder', (one) => [one, one]],
  ['InvalidPart', (one) => [one, { PartNumber: 3, ETag: one.ETag }]],
  ['InvalidPart', (one) => [{ PartNumber: 1, ETag: `"${one.ETag?.replace(/\w/g, '0')}"` }]],
  ['InvalidPart', ({ PartNumber, ETag }) => [{ PartNumber, ETag, ChecksumCRC32: 'AAAAAA==' }]],
  ['EntityTooSmall', (one, two) => [one, two]],
  ['MalformedXML', () => []],
])('a list of parts is rejected with %s, and the upload goes on', async (name, listed) => {
  const { client } = await localS3();
  const { part, complete } = await begin(client);
  const one = { PartNumber: 1, ETag: (await part(1, 'too small')).ETag };
  const two = { PartNumber: 2, ETag: (await part(2, last)).ETag };

  await expect(complete(listed(one, two))).rejects.toMatchObject({
    name,
    $metadata: { httpStatusCode: 400 },
  });

  await complete([two]);
  expect((await read(client)).toString()).toBe('the end');
});

test.each(['not XML', '<CompleteMultipartUpload><Part>', '<Other/>', '<a></b>', ''])(
  'the body %j completes nothing',
  async (body) => {
    const { url } = await localS3();
    const client = clientOf(url, { requestChecksumCalculation: 'WHEN_REQUIRED' });
    const { upload } = await begin(client);
    const link = await getSignedUrl(client, new CompleteMultipartUploadCommand(upload));

    const response = await fetch(link, { method: 'POST', body });

    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('<Code>MalformedXML</Code>'),
    ]);
  },
);

test.each([0, 10_001])('there is no part %i', async (number) => {
  const { client } = await localS3();
  const { part } = await begin(client);

  await expect(part(number, 'x')).rejects.toMatchObject({ name: 'InvalidArgument' });
});

test('an upload belongs to its key', async () => {
  const { client } = await localS3();
  const { upload } = await begin(client);
  const elsewhere = { ...upload, Key: 'other', PartNumber: 1, Body: 'x' };

  await expect(client.send(new UploadPartCommand(elsewhere))).rejects.toMatchObject({
    name: 'NoSuchUpload',
  });
});

test('with If-None-Match only one of two uploads of a key is completed', async () => {
  const { client, dataDir } = await localS3();
  const uploads = [await begin(client), await begin(client)];

  const outcomes = await Promise.allSettled(
    uploads.map(async ({ part, complete }, index) => {
      const { ETag } = await part(1, `upload ${index}`);
      return complete([{ PartNumber: 1, ETag }], { IfNoneMatch: '*' });
    }),
  );

  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  const failed = outcomes.find(({ status }) => status === 'rejected');
  expect(failed).toMatchObject({ reason: { name: 'PreconditionFailed' } });
  // The object, and the other upload with its part.
  expect(await filesOf(dataDir)).toHaveLength(2 + 3);
});

test('a size that was announced is checked', async () => {
  const { client } = await localS3();
  const { part, complete } = await begin(client);
  const parts = [{ PartNumber: 1, ETag: (await part(1, 'hello')).ETag }];

  await expect(complete(parts, { MpuObjectSize: 4 })).rejects.toMatchObject({
    name: 'InvalidRequest',
  });
  await complete(parts, { MpuObjectSize: 5 });
});

test('a composite checksum is made of the checksums of the parts, which the client repeats', async () => {
  const { client } = await localS3();
  const { created, part, complete } = await begin(client, { ChecksumAlgorithm: 'CRC32' });
  const one = await part(1, first);
  const two = await part(2, last);
  const parts = [one, two].map(({ ETag, ChecksumCRC32 }, index) => ({
    PartNumber: index + 1,
    ETag,
    ChecksumCRC32,
  }));

  await expect(
    complete(parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }))),
  ).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringContaining('It was missing for part 1'),
  });
  const completed = await complete(parts);

  const ChecksumCRC32 = `${crc(crc(first), crc(last)).toString('base64')}-2`;
  expect(created).toMatchObject({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'COMPOSITE' });
  expect(one.ChecksumCRC32).toBe(crc(first).toString('base64'));
  expect(completed).toMatchObject({ ChecksumCRC32, ChecksumType: 'COMPOSITE' });
  const head = await client.send(new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));
  expect(head).toMatchObject({ ChecksumCRC32, ChecksumType: 'COMPOSITE' });
});

test('a checksum of the full object is that of all bytes', async () => {
  const { client } = await localS3();
  const { part, complete } = await begin(client, {
    ChecksumAlgorithm: 'CRC32',
    ChecksumType: 'FULL_OBJECT',
  });
  const parts = [
    { PartNumber: 1, ETag: (await part(1, first)).ETag },
    { PartNumber: 2, ETag: (await part(2, last)).ETag },
  ];
  const ChecksumCRC32 = crc(first, last).toString('base64');

  await expect(complete(parts, { ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({
    name: 'BadDigest',
  });
  const completed = await complete(parts, { ChecksumCRC32, ChecksumType: 'FULL_OBJECT' });

  expect(completed).toMatchObject({ ChecksumCRC32, ChecksumType: 'FULL_OBJECT' });
  expect((await read(client)).equals(Buffer.concat([first, last]))).toBe(true);
});

test('a part needs the kind of checksum that its upload began with', async () => {
  const { client } = await localS3();
  const { part } = await begin(client, { ChecksumAlgorithm: 'SHA256' });

  await expect(part(1, 'x')).rejects.toMatchObject({
    name: 'InvalidRequest',
    message:
      'Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32',
  });
  await part(1, 'x', { ChecksumAlgorithm: 'SHA256' });
});

test('a damaged part is rejected and not kept', async () => {
  const { client, dataDir } = await localS3();
  const { part } = await begin(client);

  await expect(part(1, 'x', { ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({
    name: 'BadDigest',
  });

  expect(await filesOf(dataDir)).toHaveLength(1);
});

test('a part can be copied from a range of an object', async () => {
  const { client } = await localS3();
  const source = { Bucket: 'archive', Key: 'source é' };
  await client.send(new PutObjectCommand({ ...source, Body: '0123456789' }));
  const { upload, complete } = await begin(client);
  const copy = (CopySourceRange?: string, more = {}) =>
    client.send(
      new UploadPartCopyCommand({
        ...upload,
        PartNumber: 1,
        CopySource: `archive/${encodeURIComponent(source.Key)}`,
        CopySourceRange,
        ...more,
      }),
    );

  await expect(copy('bytes=5-10')).rejects.toMatchObject({ name: 'InvalidArgument' });
  await expect(copy(undefined, { CopySourceIfMatch: '"x"' })).rejects.toMatchObject({
    name: 'PreconditionFailed',
  });
  const whole = await copy();
  const range = await copy('bytes=2-5');
  await complete([{ PartNumber: 1, ETag: range.CopyPartResult?.ETag }]);

  expect(whole.CopyPartResult?.ETag).toBe(`"${md5(Buffer.from('0123456789')).toString('hex')}"`);
  expect((await read(client)).toString()).toBe('2345');
});

test('the parts of an upload are listed in pages', async () => {
  const { client } = await localS3();
  const { upload, part } = await begin(client);
  for (const number of [3, 1, 10]) await part(number, `part ${number}`);
  const page = (PartNumberMarker?: string) =>
    client.send(new ListPartsCommand({ ...upload, MaxParts: 2, PartNumberMarker }));

  const one = await page();
  const two = await page(one.NextPartNumberMarker);

  expect(one).toMatchObject({
    ...upload,
    IsTruncated: true,
    MaxParts: 2,
    Parts: [
      { PartNumber: 1, Size: 6, ETag: `"${md5(Buffer.from('part 1')).toString('hex')}"` },
      { PartNumber: 3 },
    ],
  });
  expect(two).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 10, Size: 7 }] });
});

test('the uploads of a bucket are listed by key and age, in pages', async () => {
  const { client, clock } = await localS3();
  const ids = new Map<string, string[]>();
  for (const Key of ['b', 'a/1', 'b', 'a/2', 'c']) {
    const { UploadId = '' } = (await begin(client, { Key })).upload;
    ids.set(Key, [...(ids.get(Key) ?? []), UploadId]);
    clock.skewMs += 1000;
  }
  const list = (input = {}) =>
    client.send(new ListMultipartUploadsCommand({ Bucket: object.Bucket, ...input }));

  const all = await list();
  const one = await list({ MaxUploads: 2, Delimiter: '/' });
  const two = await list({
    Delimiter: '/',
    KeyMarker: one.NextKeyMarker,
    UploadIdMarker: one.NextUploadIdMarker,
  });

  const [older = '', newer = ''] = ids.get('b') ?? [];
  expect(all.Uploads?.map(({ Key, UploadId }) => [Key, UploadId])).toEqual([
    ['a/1', ids.get('a/1')?.[0]],
    ['a/2', ids.get('a/2')?.[0]],
    ['b', older],
    ['b', newer],
    ['c', ids.get('c')?.[0]],
  ]);
  expect(one).toMatchObject({
    IsTruncated: true,
    CommonPrefixes: [{ Prefix: 'a/' }],
    Uploads: [{ Key: 'b', UploadId: older }],
  });
  expect(two.CommonPrefixes).toBeUndefined();
  expect(two.Uploads?.map(({ UploadId }) => UploadId)).toEqual([newer, ids.get('c')?.[0]]);
  expect((await list({ Prefix: 'c' })).Uploads).toMatchObject([{ Key: 'c' }]);
});
