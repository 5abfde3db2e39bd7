import { readFileSync } from 'node:fs';
import * as sdk from '@aws-sdk/client-s3';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { operationName } from '../../../../local/aws/s3/operation-name.ts';
import { servedOperations } from '../../../../local/aws/s3/served-operations.ts';
import { localS3 } from './local-s3.ts';

const object = { Bucket: 'photos', Key: 'a.png' };
const write = { ...object, Body: 'pixels' };
const copy = { ...object, CopySource: 'photos/b.png' };

const OperationSchema = z
  .tuple([
    z.literal(9),
    z.string(),
    z.string(),
    z.object({ http: z.tuple([z.string(), z.string(), z.number()]) }),
  ])
  .rest(z.unknown());

/** The operations that the SDK knows, with the method and the address of their requests. */
const sdkOperations = Object.values(sdk).flatMap((exported) => {
  const { success, data } = OperationSchema.safeParse(exported);
  return success ? [{ name: data[2], method: data[3].http[0], uri: data[3].http[1] }] : [];
});

// Parts of the address that the SDK's schema does not have.
const id = '&id=1';
const upload = '&uploadId=u';
const part = `${upload}&partNumber=1`;
const moreParameters = new Map([
  ['AbortMultipartUpload', upload],
  ['CompleteMultipartUpload', upload],
  ['GetBucketAnalyticsConfiguration', id],
  ['GetBucketIntelligentTieringConfiguration', id],
  ['GetBucketInventoryConfiguration', id],
  ['GetBucketMetricsConfiguration', id],
  ['ListParts', upload],
  ['UploadPart', part],
  ['UploadPartCopy', part],
]);
const copies = ['CopyObject', 'UploadPartCopy'];
// Operations of other services, which share the SDK with S3.
const otherServices = ['WriteGetObjectResponse'];

test('every operation of the SDK is named', () => {
  const named = sdkOperations
    .filter(({ name }) => !otherServices.includes(name))
    .map(({ name, method, uri }) => {
      const [path, parameters = ''] = uri.split('?');
      const address = {
        bucket: name.endsWith('Buckets') ? '' : 'photos',
        key: path === '/{Key+}' ? 'a.png' : '',
        path: '',
        query: new URLSearchParams(parameters + (moreParameters.get(name) ?? '')),
      };
      const headers = copies.includes(name) ? { 'x-amz-copy-source': 'photos/b.png' } : {};
      return { name, named: operationName(method, address, headers) };
    });

  expect(named.length).toBeGreaterThan(100);
  expect(named.filter(({ name, named: given }) => name !== given)).toEqual([]);
});

test('the README lists the operations that are served', () => {
  const readme = readFileSync(
    new URL('../../../../local/aws/s3/README.md', import.meta.url),
    'utf8',
  );
  const [, section = ''] = readme.split('## Operations');
  const listed = [...section.matchAll(/^\| (\w+) \| .*s3:|^\| (\w+) \| as (\w+) \|$/gm)];

  expect(listed.map(([, name, other]) => name ?? other)).toEqual(
    Object.keys(servedOperations).toSorted(),
  );
});

type Send = (client: S3Client) => Promise<unknown>;

const otherOperations: readonly [string, Send][] = [
  ['ListBuckets', (c) => c.send(new ListBucketsCommand())],
  ['CreateBucket', (c) => c.send(new CreateBucketCommand({ Bucket: 'nowhere' }))],
  ['GetBucketPolicy', (c) => c.send(new GetBucketPolicyCommand({ Bucket: 'photos' }))],
  [
    'PutBucketVersioning',
    (c) =>
      c.send(new PutBucketVersioningCommand({ Bucket: 'photos', VersioningConfiguration: {} })),
  ],
  ['ListObjects', (c) => c.send(new ListObjectsCommand({ Bucket: 'photos' }))],
  [
    'DeleteObjects',
    (c) =>
      c.send(
        new DeleteObjectsCommand({ Bucket: 'photos', Delete: { Objects: [{ Key: 'a.png' }] } }),
      ),
  ],
  ['PutObjectAcl', (c) => c.send(new PutObjectAclCommand({ ...object, ACL: 'private' }))],
  [
    'GetObjectAttributes',
    (c) => c.send(new GetObjectAttributesCommand({ ...object, ObjectAttributes: ['ETag'] })),
  ],
];

test.each(otherOperations)('%s is rejected by its name', async (name, send) => {
  const { client } = await localS3();
  await client.send(new PutObjectCommand(write));

  await expect(send(client)).rejects.toMatchObject({
    name: 'NotImplemented',
    message: `This S3 does not have ${name}.`,
    $metadata: { httpStatusCode: 501 },
  });
  expect(await client.send(new HeadObjectCommand(object))).toMatchObject({ ContentLength: 6 });
});

const unsupportedOptions: readonly [string, Send][] = [
  ['x-amz-acl of PutObject', (c) => c.send(new PutObjectCommand({ ...write, ACL: 'public-read' }))],
  ['x-amz-tagging of PutObject', (c) => c.send(new PutObjectCommand({ ...write, Tagging: 'a=b' }))],
  [
    'x-amz-server-side-encryption of PutObject',
    (c) => c.send(new PutObjectCommand({ ...write, ServerSideEncryption: 'aws:kms' })),
  ],
  [
    'x-amz-server-side-encryption-customer-algorithm of PutObject',
    (c) => c.send(new PutObjectCommand({ ...write, SSECustomerAlgorithm: 'AES256' })),
  ],
  [
    'x-amz-object-lock-legal-hold of PutObject',
    (c) => c.send(new PutObjectCommand({ ...write, ObjectLockLegalHoldStatus: 'ON' })),
  ],
  [
    'x-amz-website-redirect-location of PutObject',
    (c) => c.send(new PutObjectCommand({ ...write, WebsiteRedirectLocation: '/b' })),
  ],
  [
    'x-amz-write-offset-bytes of PutObject',
    (c) => c.send(new PutObjectCommand({ ...write, WriteOffsetBytes: 3 })),
  ],
  [
    'x-amz-checksum-crc32c of PutObject',
    (c) => c.send(new PutObjectCommand({ ...write, ChecksumCRC32C: 'AAAAAA==' })),
  ],
  [
    'x-amz-storage-class but STANDARD',
    (c) => c.send(new PutObjectCommand({ ...write, StorageClass: 'GLACIER' })),
  ],
  [
    'x-amz-tagging-directive of CopyObject',
    (c) => c.send(new CopyObjectCommand({ ...copy, TaggingDirective: 'REPLACE' })),
  ],
  ['if-match of DeleteObject', (c) => c.send(new DeleteObjectCommand({ ...object, IfMatch: '*' }))],
  [
    'x-amz-request-payer of GetObject',
    (c) => c.send(new GetObjectCommand({ ...object, RequestPayer: 'requester' })),
  ],
  ['?partNumber of GetObject', (c) => c.send(new GetObjectCommand({ ...object, PartNumber: 1 }))],
];

test.each(unsupportedOptions)('%s is rejected and not ignored', async (option, send) => {
  const { client } = await localS3();
  await client.send(new PutObjectCommand({ ...object, Key: 'b.png', Body: 'pixels' }));

  await expect(send(client)).rejects.toMatchObject({
    name: 'NotImplemented',
    message: expect.stringContaining(option),
  });
  await expect(client.send(new GetObjectCommand(object))).rejects.toMatchObject({
    name: 'NoSuchKey',
  });
});

test('a parameter of a presigned address is checked like a header', async () => {
  const { client } = await localS3();
  const link = await getSignedUrl(client, new PutObjectCommand({ ...object, Tagging: 'a=b' }), {
    unhoistableHeaders: new Set(),
  });

  const response = await fetch(link, { method: 'PUT', body: '' });

  expect(link).toContain('x-amz-tagging');
  expect([response.status, await response.text()]).toEqual([
    501,
    expect.stringContaining('x-amz-tagging of PutObject'),
  ]);
});

test.each([
  ['acl', 'private'],
  ['tagging', '<Tagging/>'],
  ['success_action_redirect', 'https://example.com'],
  ['x-amz-storage-class', 'GLACIER'],
  ['x-amz-server-side-encryption', 'aws:kms'],
])('a form with the field %s is rejected and not ignored', async (field, value) => {
  const { client } = await localS3();
  const { url, fields } = await createPresignedPost(client, {
    ...object,
    Fields: { [field]: value },
  });
  const form = new FormData();
  for (const [name, text] of Object.entries(fields)) form.append(name, text);
  form.append('file', 'pixels');

  const response = await fetch(url, { method: 'POST', body: form });

  expect([response.status, await response.text()]).toEqual([501, expect.stringContaining(field)]);
  await expect(client.send(new HeadObjectCommand(object))).rejects.toMatchObject({
    name: 'NotFound',
  });
});

test('the storage class STANDARD, which every object has, may be requested', async () => {
  const { client } = await localS3();

  await client.send(new PutObjectCommand({ ...write, StorageClass: 'STANDARD' }));

  expect(await client.send(new HeadObjectCommand(object))).toMatchObject({ ContentLength: 6 });
});
