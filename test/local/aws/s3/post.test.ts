import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  createPresignedPost,
  type PresignedPost,
  type PresignedPostOptions,
} from '@aws-sdk/s3-presigned-post';
import { expect, test } from 'vitest';
import { clientOf, credentials, localS3 } from './local-s3.ts';

const png = { 'Content-Type': 'image/png' };

const presign = (client: S3Client, more: Partial<PresignedPostOptions> = {}) =>
  createPresignedPost(client, {
    Bucket: 'photos',
    Key: 'in/upload-1/0',
    Fields: png,
    Conditions: [['content-length-range', 3, 1000]],
    Expires: 300,
    ...more,
  });

function send(
  { url, fields }: PresignedPost,
  bytes: string | Buffer,
  changes: Record<string, string | undefined> = {},
) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...changes })) {
    if (value !== undefined) form.append(name, value);
  }
  form.append('file', new Blob([new Uint8Array(Buffer.from(bytes))]), 'cat.png');
  return fetch(url, { method: 'POST', body: form });
}

const outcome = async (response: Response) => [
  response.status,
  /<Code>(.*)<\/Code>/.exec(await response.text())?.[1],
];

test('a form that satisfies its policy uploads the file', async () => {
  const { client } = await localS3();

  const response = await send(await presign(client), 'pixels');

  expect(response.status).toBe(204);
  const got = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'in/upload-1/0' }));
  expect(got).toMatchObject({
    ContentType: 'image/png',
    ContentLength: 6,
    ETag: response.headers.get('etag'),
  });
  expect(await got.Body?.transformToString()).toBe('pixels');
});

test('bytes of the file that look like the form are part of the file', async () => {
  const { client } = await localS3();
  const { fields } = await presign(client);
  const bytes = Buffer.from('\r\n--X\r\n\r\n--XX\r\n--');
  const head = Object.entries(fields).map(
    ([name, value]) => `--XXX\r\ncontent-disposition: form-data; name=${name}\r\n\r\n${value}\r\n`,
  );
  const body = Buffer.concat([
    Buffer.from(
      `${head.join('')}--XXX\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: text/html\r\n\r\n`,
    ),
    bytes,
    Buffer.from('\r\n--XXX--'),
  ]);
  const { url } = await presign(client);

  // Byte by byte, so that every boundary is split somewhere.
  const status = await new Promise((resolve, reject) => {
    const sent = httpRequest(url, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=XXX' },
    });
    sent.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
    sent.setNoDelay(true);
    for (const byte of body) sent.write(Buffer.of(byte));
    sent.end();
  });

  expect(status).toBe(204);
  const got = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'in/upload-1/0' }));
  expect(got.ContentType).toBe('image/png');
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
});

test.each([
  ['too big', 1001, [400, 'EntityTooLarge']],
  ['far too big', 20_000_000, [400, 'EntityTooLarge']],
  ['too small', 2, [400, 'EntityTooSmall']],
])('a file that is %s leaves nothing behind', async (_, size, expected) => {
  const { client, dataDir } = await localS3();

  const response = await send(await presign(client), Buffer.alloc(size));

  expect(await outcome(response)).toEqual(expected);
  expect(await readdir(join(dataDir, 'photos'))).toEqual([]);
});

test('a file of exactly the allowed size is accepted', async () => {
  const { client } = await localS3();

  expect((await send(await presign(client), Buffer.alloc(1000))).status).toBe(204);
  expect((await send(await presign(client), Buffer.alloc(3))).status).toBe(204);
});

const denied = [403, 'AccessDenied'];

test.each<[string, Record<string, string | undefined>, (string | number)[]]>([
  ['another type', { 'Content-Type': 'image/gif' }, denied],
  ['no type', { 'Content-Type': undefined }, denied],
  ['another key', { key: 'in/upload-2/0' }, denied],
  ['no key', { key: undefined }, [400, 'InvalidArgument']],
  ['a field that no condition covers', { 'x-amz-meta-role': 'admin' }, denied],
  ['an acl that no condition covers', { acl: 'public-read' }, denied],
  ['no policy', { Policy: undefined }, denied],
  ['no signature', { 'X-Amz-Signature': undefined }, [400, 'InvalidArgument']],
  ['a guessed signature', { 'X-Amz-Signature': '0'.repeat(64) }, [403, 'SignatureDoesNotMatch']],
  [
    'a policy of its own',
    {
      Policy: Buffer.from('{"expiration":"2999-01-01T00:00:00Z","conditions":[]}').toString(
        'base64',
      ),
    },
    [403, 'SignatureDoesNotMatch'],
  ],
  [
    'another access key',
    { 'X-Amz-Credential': 'AKIDOTHER/20260101/us-east-1/s3/aws4_request' },
    [400, 'InvalidArgument'],
  ],
  ['another algorithm', { 'X-Amz-Algorithm': 'none' }, [400, 'InvalidArgument']],
])('a form with %s is rejected', async (_, changes, expected) => {
  const { client, dataDir } = await localS3();

  const response = await send(await presign(client), 'pixels', changes);

  expect(await outcome(response)).toEqual(expected);
  expect(await readdir(join(dataDir, 'photos'))).toEqual([]);
});

test.each([
  ['SignatureDoesNotMatch', { ...credentials, secretAccessKey: 'guessed' }],
  ['InvalidAccessKeyId', { ...credentials, accessKeyId: 'AKIDOTHER' }],
])('a form with invalid credentials is rejected with %s', async (code, strange) => {
  const { url } = await localS3();

  const response = await send(await presign(clientOf(url, { credentials: strange })), 'pixels');

  expect(await outcome(response)).toEqual([403, code]);
});

test('a policy ends at its expiration', async () => {
  const { client, clock } = await localS3();
  const post = await presign(client);

  clock.skewMs = 290_000;
  const inTime = await send(post, 'pixels');
  clock.skewMs = 301_000;
  const tooLate = await send(post, 'pixels');

  expect(inTime.status).toBe(204);
  expect(tooLate.status).toBe(403);
  expect(await tooLate.text()).toContain('Invalid according to Policy: Policy expired.');
});

test('a policy for another bucket is rejected', async () => {
  const { client, url } = await localS3();
  const { fields } = await presign(client);

  const response = await send({ url: `${url}/archive`, fields }, 'pixels');

  expect(await outcome(response)).toEqual(denied);
});

test.each<[NonNullable<PresignedPostOptions['Conditions']>, string, number]>([
  [[['starts-with', '$Content-Type', 'image/']], 'image/webp', 204],
  [[['starts-with', '$Content-Type', 'image/']], 'text/html', 403],
  [[['eq', '$Content-Type', 'image/webp']], 'image/webp', 204],
  [[['eq', '$Content-Type', 'image/webp']], 'image/webpx', 403],
])('the condition %j responds to %s with %i', async (Conditions, type, status) => {
  const { client } = await localS3();

  const response = await send(await presign(client, { Fields: {}, Conditions }), 'pixels', {
    'Content-Type': type,
  });

  expect(response.status).toBe(status);
});

test('fields with the prefix x-ignore- need no condition', async () => {
  const { client } = await localS3();

  expect((await send(await presign(client), 'pixels', { 'x-ignore-me': 'yes' })).status).toBe(204);
});

test('a policy that cannot be parsed is rejected', async () => {
  const { client } = await localS3();
  const conditions = JSON.parse('[["matches","$key",".*"]]');

  const response = await send(await presign(client, { Conditions: conditions }), 'pixels');

  expect(await outcome(response)).toEqual([400, 'InvalidPolicyDocument']);
});

test('the name of the file can become part of the key', async () => {
  const { client } = await localS3();
  const post = await presign(client, { Key: 'in/$' + '{filename}' });

  expect((await send(post, 'pixels')).status).toBe(204);
  expect((await send(post, 'pixels', { key: 'out/$' + '{filename}' })).status).toBe(403);

  const got = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'in/cat.png' }));
  expect(got.ContentLength).toBe(6);
});

test.each([
  ['200', 200, ''],
  ['201', 201, '<Key>in/upload-1/0</Key>'],
  ['204', 204, ''],
  ['418', 204, ''],
])('success_action_status %s gets the status %i', async (wanted, status, body) => {
  const { client } = await localS3();
  const post = await presign(client, { Fields: { ...png, success_action_status: wanted } });

  const response = await send(post, 'pixels');

  expect(response.status).toBe(status);
  expect(await response.text()).toContain(body);
});

test('fields after the file are ignored', async () => {
  const { client } = await localS3();
  const { url, fields } = await presign(client);
  const form = new FormData();
  form.append('file', new Blob(['pixels']), 'cat.png');
  for (const [name, value] of Object.entries(fields)) form.append(name, value);

  const response = await fetch(url, { method: 'POST', body: form });

  expect(await outcome(response)).toEqual([400, 'InvalidArgument']);
});

test.each([
  ['no file', 'multipart/form-data; boundary=X', '--X--', [400, 'InvalidArgument']],
  ['no boundary', 'multipart/form-data', '--X--', [400, 'MalformedPOSTRequest']],
  [
    'an end in the middle',
    'multipart/form-data; boundary=X',
    '--X\r\ncontent-dis',
    [400, 'MalformedPOSTRequest'],
  ],
  [
    'endless fields',
    'multipart/form-data; boundary=X',
    `--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n${'a'.repeat(30_000)}`,
    [400, 'MaxPostPreDataLengthExceeded'],
  ],
  ['no form at all', 'application/json', '{}', [403, 'AccessDenied']],
])('a form with %s is rejected', async (_, type, body, expected) => {
  const { url } = await localS3();

  const response = await fetch(`${url}/photos`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });

  expect(await outcome(response)).toEqual(expected);
});

test('a file that breaks off leaves nothing behind', async () => {
  const { client, dataDir } = await localS3();
  const { url, fields } = await presign(client);
  const head = Object.entries(fields).map(
    ([name, value]) => `--X\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const body = `${head.join('')}--X\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf of it`;

  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=X' },
    body,
  });

  expect(await outcome(response)).toEqual([400, 'MalformedPOSTRequest']);
  expect(await readdir(join(dataDir, 'photos'))).toEqual([]);
});
