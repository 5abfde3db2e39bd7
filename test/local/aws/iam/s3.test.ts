import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, onTestFinished, test } from 'vitest';
import type { Statement } from '../../../../local/aws/iam/evaluate-policy.ts';
import { startS3 } from '../../../../local/aws/s3/server.ts';
import { temporaryDirectory } from '../bundle.ts';
import { clientOf } from '../s3/local-s3.ts';
import { allow, authorizerWith, deny, limitedCaller, notAllowed, owner } from './limited-caller.ts';

const bucket = 'arn:aws:s3:::photos';
const at = (Key: string, Bucket = 'photos') => ({ Bucket, Key });
const object = at('in/a.png');
const photos = { Bucket: 'photos' };

/** An S3 with `photos/in/a.png`, and clients of a limited caller and of the owner. */
async function setUp(...statements: readonly Statement[]) {
  const { url, close } = await startS3({
    dataDir: temporaryDirectory(),
    buckets: [{ name: 'photos' }, { name: 'archive' }],
    credentials: [limitedCaller, owner],
    authorize: authorizerWith(...statements),
  });
  onTestFinished(close);
  const ownerClient = clientOf(url, { credentials: owner });
  await ownerClient.send(new PutObjectCommand({ ...at('in/a.png'), Body: 'picture' }));
  return { ownerClient, client: clientOf(url, { credentials: limitedCaller }) };
}

const accessDenied = (action: string, resource: string) => ({
  name: 'AccessDenied',
  message: notAllowed(action, resource),
  $metadata: expect.objectContaining({ httpStatusCode: 403 }),
});

test('an action that is allowed below a prefix is denied elsewhere', async () => {
  const { client, ownerClient } = await setUp(allow(`${bucket}/out/*`, 's3:PutObject'));
  await client.send(new PutObjectCommand({ ...at('out/b.png'), Body: 'x' }));

  await expect(
    client.send(new PutObjectCommand({ ...at('in/a.png'), Body: 'x' })),
  ).rejects.toMatchObject(accessDenied('s3:PutObject', `${bucket}/in/a.png`));
  const { Contents = [] } = await ownerClient.send(new ListObjectsV2Command({ Bucket: 'photos' }));
  expect(Contents.map(({ Key, Size }) => [Key, Size])).toEqual([
    ['in/a.png', 7],
    ['out/b.png', 1],
  ]);
});

type Run = (client: S3Client) => Promise<unknown>;

const operations: readonly [string, Run, string, string][] = [
  ['reading', (c) => c.send(new GetObjectCommand(object)), 's3:GetObject', `${bucket}/in/a.png`],
  ['listing', (c) => c.send(new ListObjectsV2Command(photos)), 's3:ListBucket', bucket],
  [
    'deleting',
    (c) => c.send(new DeleteObjectCommand(object)),
    's3:DeleteObject',
    `${bucket}/in/a.png`,
  ],
  [
    'a write with If-Match',
    (c) => c.send(new PutObjectCommand({ ...object, IfMatch: '"x"', Body: 'x' })),
    's3:GetObject',
    `${bucket}/in/a.png`,
  ],
];

test.each(operations)('%s needs its own permission', async (_what, run, action, resource) => {
  const { client } = await setUp(allow('*', 's3:PutObject'));

  await expect(run(client)).rejects.toMatchObject(accessDenied(action, resource));
});

const upload = { ...object, UploadId: 'u' };
const versionId = 'f'.repeat(32);
const finerOperations: readonly [string, Run, string, string][] = [
  [
    'starting an upload',
    (c) => c.send(new CreateMultipartUploadCommand(object)),
    's3:PutObject',
    `${bucket}/in/a.png`,
  ],
  [
    'uploading a part',
    (c) => c.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' })),
    's3:PutObject',
    `${bucket}/in/a.png`,
  ],
  [
    'completing an upload',
    (c) => c.send(new CompleteMultipartUploadCommand(upload)),
    's3:PutObject',
    `${bucket}/in/a.png`,
  ],
  [
    'aborting an upload',
    (c) => c.send(new AbortMultipartUploadCommand(upload)),
    's3:AbortMultipartUpload',
    `${bucket}/in/a.png`,
  ],
  [
    'listing parts',
    (c) => c.send(new ListPartsCommand(upload)),
    's3:ListMultipartUploadParts',
    `${bucket}/in/a.png`,
  ],
  [
    'listing uploads',
    (c) => c.send(new ListMultipartUploadsCommand(photos)),
    's3:ListBucketMultipartUploads',
    bucket,
  ],
  [
    'listing versions',
    (c) => c.send(new ListObjectVersionsCommand(photos)),
    's3:ListBucketVersions',
    bucket,
  ],
  [
    'reading a version',
    (c) => c.send(new GetObjectCommand({ ...object, VersionId: versionId })),
    's3:GetObjectVersion',
    `${bucket}/in/a.png`,
  ],
  [
    'deleting a version',
    (c) => c.send(new DeleteObjectCommand({ ...object, VersionId: versionId })),
    's3:DeleteObjectVersion',
    `${bucket}/in/a.png`,
  ],
];

test.each(finerOperations)('%s needs its own permission', async (_what, run, action, resource) => {
  const { client } = await setUp(allow('*', 's3:*'), deny('*', action));

  await expect(run(client)).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining(`${action} on resource: ${resource}`),
  });
});

test('copying a part needs permission to read the source and to write the target', async () => {
  const copy = new UploadPartCopyCommand({
    ...upload,
    PartNumber: 1,
    CopySource: 'photos/in/a.png',
  });
  const reading = allow(`${bucket}/*`, 's3:GetObject');
  const writing = allow(`${bucket}/*`, 's3:PutObject');

  await expect((await setUp(reading)).client.send(copy)).rejects.toMatchObject(
    accessDenied('s3:PutObject', `${bucket}/in/a.png`),
  );
  await expect((await setUp(writing)).client.send(copy)).rejects.toMatchObject(
    accessDenied('s3:GetObject', `${bucket}/in/a.png`),
  );
  await expect((await setUp(reading, writing)).client.send(copy)).rejects.toMatchObject({
    name: 'NoSuchUpload',
  });
});

test('a Deny outweighs every Allow', async () => {
  const { client } = await setUp(allow('*', 's3:*'), deny(`${bucket}/in/*`, 's3:GetObject'));

  await expect(client.send(new GetObjectCommand(at('in/a.png')))).rejects.toThrow(
    'with an explicit deny',
  );
});

test('a copy needs permission to read the source and to write the target', async () => {
  const copy = new CopyObjectCommand({
    ...at('b.png', 'archive'),
    CopySource: 'photos/in/a.png',
  });
  const reading = allow(`${bucket}/in/*`, 's3:GetObject');
  const writing = allow('arn:aws:s3:::archive/*', 's3:PutObject');

  await (await setUp(reading, writing)).client.send(copy);
  await expect((await setUp(reading)).client.send(copy)).rejects.toMatchObject(
    accessDenied('s3:PutObject', 'arn:aws:s3:::archive/b.png'),
  );
  await expect((await setUp(writing)).client.send(copy)).rejects.toMatchObject(
    accessDenied('s3:GetObject', `${bucket}/in/a.png`),
  );
});

test('a missing object is 404 for a caller who may list the bucket, and 403 for any other', async () => {
  const reading = allow(`${bucket}/*`, 's3:GetObject', 's3:PutObject');
  const { client } = await setUp(reading);
  const lister = (await setUp(reading, allow(bucket, 's3:ListBucket'))).client;
  const head = new HeadObjectCommand(at('in/none.png'));
  const get = new GetObjectCommand(at('in/none.png'));
  const copy = new CopyObjectCommand({ ...at('c.png'), CopySource: 'photos/in/none.png' });

  await expect(lister.send(head)).rejects.toMatchObject({ name: 'NotFound' });
  await expect(lister.send(get)).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(lister.send(copy)).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(client.send(head)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  await expect(client.send(get)).rejects.toMatchObject(accessDenied('s3:ListBucket', bucket));
  await expect(client.send(copy)).rejects.toMatchObject(accessDenied('s3:ListBucket', bucket));
});

test('a presigned link has the permissions of its signer', async () => {
  const link = ({ client }: Awaited<ReturnType<typeof setUp>>) =>
    getSignedUrl(client, new GetObjectCommand(at('in/a.png')));
  const able = await fetch(await link(await setUp(allow(`${bucket}/in/*`, 's3:GetObject'))));
  const unable = await fetch(await link(await setUp(allow(`${bucket}/out/*`, 's3:GetObject'))));

  expect([able.status, await able.text()]).toEqual([200, 'picture']);
  expect([unable.status, await unable.text()]).toEqual([
    403,
    expect.stringContaining('<Code>AccessDenied</Code>'),
  ]);
});

test('a posted form has the permissions of its signer', async () => {
  const send = async ({ client }: Awaited<ReturnType<typeof setUp>>) => {
    const { url, fields } = await createPresignedPost(client, at('in/b.png'));
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob(['picture']));
    return fetch(url, { method: 'POST', body: form });
  };
  const able = await send(await setUp(allow(`${bucket}/in/*`, 's3:PutObject')));
  const unable = await send(await setUp(allow(`${bucket}/out/*`, 's3:PutObject')));

  expect(able.status).toBe(204);
  expect([unable.status, await unable.text()]).toEqual([
    403,
    expect.stringContaining('is not authorized to perform: s3:PutObject'),
  ]);
});
