import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, test } from 'vitest';
import { clientOf, credentials, localS3 } from './local-s3.ts';

const object = { Bucket: 'photos', Key: 'in/a b.txt' };
const code = async (response: Response) => /<Code>(.*)<\/Code>/.exec(await response.text())?.[1];
const put = (client: S3Client) => client.send(new PutObjectCommand({ ...object, Body: 'hello' }));

test.each([
  ['SignatureDoesNotMatch', { ...credentials, secretAccessKey: 'guessed' }],
  ['InvalidAccessKeyId', { ...credentials, accessKeyId: 'AKIDOTHER' }],
])('a request with invalid credentials is rejected with %s', async (name, strange) => {
  const { url } = await localS3();

  await expect(put(clientOf(url, { credentials: strange }))).rejects.toMatchObject({
    name,
    $metadata: { httpStatusCode: 403 },
  });
});

test.each(['GET', 'PUT', 'DELETE', 'POST'])('an unsigned %s is rejected', async (method) => {
  const { url, client } = await localS3();
  await put(client);

  const response = await fetch(`${url}/photos/in/a%20b.txt`, { method });

  expect([response.status, await code(response)]).toEqual([403, 'AccessDenied']);
});

test('temporary credentials are accepted like any others', async () => {
  const { url } = await localS3();
  const client = clientOf(url, { credentials: { ...credentials, sessionToken: 'session' } });

  await put(client);

  const link = await getSignedUrl(client, new GetObjectCommand(object));
  expect(await (await fetch(link)).text()).toBe('hello');
});

test('a request that was signed 16 minutes ago is rejected', async () => {
  const { clock, client } = await localS3();
  clock.skewMs = 16 * 60_000;

  await expect(put(client)).rejects.toMatchObject({ name: 'RequestTimeTooSkewed' });
});

test('a signed body cannot be replaced', async () => {
  const { url } = await localS3();
  const client = clientOf(url, { requestChecksumCalculation: 'WHEN_REQUIRED' });
  client.middlewareStack.add(
    (next) => (args) => {
      Object.assign(args.request ?? {}, { body: 'HELLO' });
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );

  await expect(put(client)).rejects.toMatchObject({ name: 'XAmzContentSHA256Mismatch' });
});

test('a header that was not signed is rejected', async () => {
  const { url, client } = await localS3();
  const presigned = await getSignedUrl(
    clientOf(url, { requestChecksumCalculation: 'WHEN_REQUIRED' }),
    new PutObjectCommand(object),
  );

  const added = await fetch(presigned, {
    method: 'PUT',
    body: 'x',
    headers: { 'x-amz-meta-role': 'admin' },
  });

  expect([added.status, await code(added)]).toEqual([403, 'AccessDenied']);
  await expect(client.send(new GetObjectCommand(object))).rejects.toMatchObject({
    name: 'NoSuchKey',
  });
});

test('a presigned link returns the object with the signed response headers', async () => {
  const { client } = await localS3();
  await put(client);

  const disposition = `attachment; filename="größe.png"`;
  const link = await getSignedUrl(
    client,
    new GetObjectCommand({
      ...object,
      ResponseContentDisposition: disposition,
      ResponseContentType: 'image/png',
    }),
  );
  const response = await fetch(link, { headers: { range: 'bytes=1-2' } });

  expect(response.status).toBe(206);
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(response.headers.get('content-disposition')).toBe(disposition);
  expect(await response.text()).toBe('el');
});

test('a presigned link expires', async () => {
  const { client, clock } = await localS3();
  await put(client);
  const link = await getSignedUrl(client, new GetObjectCommand(object), { expiresIn: 60 });

  clock.skewMs = 50_000;
  const inTime = await fetch(link);
  clock.skewMs = 61_000;
  const tooLate = await fetch(link);

  expect(await inTime.text()).toBe('hello');
  expect(tooLate.status).toBe(403);
  expect(await tooLate.text()).toContain(
    '<Code>AccessDenied</Code><Message>Request has expired</Message>',
  );
});

test.each([
  ['a longer life', (link: string) => link.replace('X-Amz-Expires=60', 'X-Amz-Expires=6000')],
  ['another key', (link: string) => link.replace('/in/', '/out/')],
  ['another name', (link: string) => `${link}&response-content-type=text/html`],
  ['another signature', (link: string) => link.replace(/(X-Amz-Signature=)./, '$1g')],
])('a presigned link is rejected with %s', async (_, tamper) => {
  const { client } = await localS3();
  await put(client);
  const link = await getSignedUrl(client, new GetObjectCommand(object), { expiresIn: 60 });

  const response = await fetch(tamper(link));

  expect([response.status, await code(response)]).toEqual([403, 'SignatureDoesNotMatch']);
});

test('a presigned link for reading cannot be used for writing', async () => {
  const { client } = await localS3();
  const link = await getSignedUrl(client, new GetObjectCommand(object));

  expect((await fetch(link, { method: 'PUT', body: 'x' })).status).toBe(403);
});

test('a presigned PUT stores the metadata in its address', async () => {
  const { url, client } = await localS3();
  const presigning = clientOf(url, { requestChecksumCalculation: 'WHEN_REQUIRED' });
  const link = await getSignedUrl(
    presigning,
    new PutObjectCommand({ ...object, Metadata: { owner: 'acct-1' } }),
  );

  const response = await fetch(link, {
    method: 'PUT',
    body: 'hello',
    headers: { 'content-type': 'text/plain' },
  });

  expect(response.status).toBe(200);
  expect(await client.send(new GetObjectCommand(object))).toMatchObject({
    ContentType: 'text/plain',
    Metadata: { owner: 'acct-1' },
  });
});

// With the SDK's defaults a presigned PUT contains the checksum of an empty body.
test('a presigned PUT with the checksum of an empty body rejects any other body', async () => {
  const { client } = await localS3();
  const link = await getSignedUrl(client, new PutObjectCommand(object));

  const response = await fetch(link, { method: 'PUT', body: 'hello' });

  expect([response.status, await code(response)]).toEqual([400, 'BadDigest']);
});

test('an unknown query parameter is rejected and not ignored', async () => {
  const { client } = await localS3();
  client.middlewareStack.add(
    (next) => (args) => {
      const { query } = Object.assign({ query: {} }, args.request);
      Object.assign(query, { turbo: '1' });
      return next(args);
    },
    { step: 'build' },
  );

  await expect(put(client)).rejects.toMatchObject({
    name: 'NotImplemented',
    message: 'This S3 does not know ?turbo of PutObject.',
  });
});
