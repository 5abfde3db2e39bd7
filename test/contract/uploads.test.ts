import { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { expect, test } from 'vitest';
import {
  fileKey,
  parseUploadKey,
  preparedKey,
  uploadKey,
} from '../../functions/adapters/aws/s3/bucket-keys.ts';
import { uploadForms } from '../../functions/adapters/aws/s3/presign.ts';
import { maxInputBytes } from '../../functions/domain/model/catalogue.ts';
import type { UploadForm } from '../../functions/domain/wire/view.ts';
import { sampleId } from '../support/tasks.ts';
import { s3 } from './s3.ts';
import { bucketNames } from './template-resources.ts';

const Bucket = bucketNames.inputs;
const Key = uploadKey(sampleId, 1);
const maxBytes = 10 * 1024 * 1024;

async function setUp(limit = maxInputBytes) {
  const clock = { skewMs: 0 };
  const bucket = await s3({ now: () => Date.now() + clock.skewMs });
  const options = { bucket: Bucket, endpoint: bucket.url, maxBytes: limit };
  const at = Date.now();
  const form = await uploadForms(bucket.client.config, options)(Key, 'image/png', at);
  return { ...bucket, clock, form, at };
}

function send(
  { url, fields }: UploadForm,
  bytes: string | Buffer,
  changes: Record<string, string> = {},
) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...changes })) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(Buffer.from(bytes))]), 'cat.png');
  return fetch(url, { method: 'POST', body: form });
}

// The SDK signs by its own clock, to the second: the form under test gets the same time.
const timeOf = (date = '') =>
  Date.parse(date.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'));

test.each([
  ['at AWS', { region: 'eu-central-1' }, undefined],
  ['in the local stack', { region: 'us-east-1' }, 'http://127.0.0.1:4000'],
])('a form %s is the same as the SDK would sign', async (_, { region }, endpoint) => {
  const credentials = { accessKeyId: 'AKIA1', secretAccessKey: 'secret', sessionToken: 'token' };
  const client = new S3Client({ region, credentials, ...(endpoint && { endpoint }) });
  const [contentType, Expires] = ['image/webp', 15 * 60];

  const { url, fields } = await createPresignedPost(client, {
    Bucket,
    Key,
    Expires,
    Fields: { 'Content-Type': contentType },
    Conditions: [['content-length-range', 1, maxBytes]],
  });
  const now = timeOf(fields['X-Amz-Date']);
  const form = uploadForms(client.config, { bucket: Bucket, endpoint, maxBytes });

  expect(await form(Key, contentType, now)).toEqual({ url, fields, expiresAt: now + 900_000 });
});

test('a form uploads one picture to its key, with its type', async () => {
  const { form, get } = await setUp();

  const { status } = await send(form, 'pixels');

  expect(status).toBe(204);
  expect(await get({ Bucket, Key })).toEqual({ type: 'image/png', bytes: Buffer.from('pixels') });
});

test('a form says when it expires, and is refused after that', async () => {
  const { form, clock, at } = await setUp();

  clock.skewMs = 14 * 60_000;
  const inTime = await send(form, 'pixels');
  clock.skewMs = 15 * 60_000 + 1000;
  const tooLate = await send(form, 'pixels');

  expect(form.expiresAt).toBe(at + 15 * 60_000);
  expect([inTime.status, tooLate.status]).toEqual([204, 403]);
});

test('a form that is made later for the same task expires when the first one does', async () => {
  const { client, url, clock, at } = await setUp();
  const forms = uploadForms(client.config, { bucket: Bucket, endpoint: url, maxBytes });
  const expiresAt = at + 15 * 60_000;
  clock.skewMs = 10 * 60_000;
  const form = await forms(Key, 'image/png', at + clock.skewMs, expiresAt);

  clock.skewMs = 14 * 60_000;
  const inTime = await send(form, 'pixels');
  clock.skewMs = 15 * 60_000 + 1000;
  const tooLate = await send(form, 'pixels');

  expect(form.expiresAt).toBe(expiresAt);
  expect([inTime.status, tooLate.status]).toEqual([204, 403]);
});

test('a form accepts a picture of 10 MB', async () => {
  const { form } = await setUp();

  expect((await send(form, Buffer.alloc(maxBytes))).status).toBe(204);
});

test('a higher limit in the catalogue makes a form accept a larger picture', async () => {
  const { form } = await setUp(maxBytes + 2);

  expect((await send(form, Buffer.alloc(maxBytes + 2))).status).toBe(204);
  expect((await send(form, Buffer.alloc(maxBytes + 3))).status).toBe(400);
});

test.each<[string, string | Buffer, Record<string, string>, number]>([
  ['a byte too much', Buffer.alloc(maxBytes + 1), {}, 400],
  ['an empty file', '', {}, 400],
  ['another type', 'pixels', { 'Content-Type': 'image/gif' }, 403],
  ["another task's key", 'pixels', { key: uploadKey(`${sampleId}x`, 0) }, 403],
  ['a field of its own', 'pixels', { 'x-amz-meta-role': 'admin' }, 403],
])('a form with %s is refused and stores nothing', async (_, bytes, changes, status) => {
  const { form, keys } = await setUp();

  const response = await send(form, bytes, changes);

  expect(response.status).toBe(status);
  expect(await keys(Bucket)).toEqual([]);
});

test('an upload sends an event, and its key says which input of which task it is', async () => {
  const { form, notified, put } = await setUp();
  await put({ Bucket, Key: fileKey('default', 'file-1') }, 'pixels');
  await put({ Bucket, Key: preparedKey(sampleId, 1) }, 'pixels');

  await send(form, 'pixels');

  expect(notified.map((key) => parseUploadKey(key))).toEqual([{ taskId: sampleId, index: 1 }]);
});
