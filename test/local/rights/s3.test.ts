import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect, onTestFinished, test } from 'vitest';
import type { Statement } from '../../../local/rights/statement.ts';
import { startS3 } from '../../../local/s3/server.ts';
import { temporaryDirectory } from '../bundle.ts';
import { clientOf } from '../s3/world.ts';
import { allow, deny, judgeWith, notAllowed, owner, painter } from './painter.ts';

const bucket = 'arn:aws:s3:::photos';
const place = (Key: string, Bucket = 'photos') => ({ Bucket, Key });
const object = place('in/a.png');
const photos = { Bucket: 'photos' };

/** An S3 with `photos/in/a.png`, and clients of the painter and of the bucket's owner. */
async function world(...statements: readonly Statement[]) {
  const { url, close } = await startS3({
    dataDir: temporaryDirectory(),
    buckets: [{ name: 'photos' }, { name: 'archive' }],
    credentials: [painter, owner],
    judge: judgeWith(...statements),
  });
  onTestFinished(close);
  const owners = clientOf(url, { credentials: owner });
  await owners.send(new PutObjectCommand({ ...place('in/a.png'), Body: 'picture' }));
  return { owners, client: clientOf(url, { credentials: painter }) };
}

const forbidden = (action: string, resource: string) => ({
  name: 'AccessDenied',
  message: notAllowed(action, resource),
  $metadata: expect.objectContaining({ httpStatusCode: 403 }),
});

test('what is allowed below a prefix is done there, and refused elsewhere', async () => {
  const { client, owners } = await world(allow(`${bucket}/out/*`, 's3:PutObject'));
  await client.send(new PutObjectCommand({ ...place('out/b.png'), Body: 'x' }));

  await expect(
    client.send(new PutObjectCommand({ ...place('in/a.png'), Body: 'x' })),
  ).rejects.toMatchObject(forbidden('s3:PutObject', `${bucket}/in/a.png`));
  const { Contents = [] } = await owners.send(new ListObjectsV2Command({ Bucket: 'photos' }));
  expect(Contents.map(({ Key, Size }) => [Key, Size])).toEqual([
    ['in/a.png', 7],
    ['out/b.png', 1],
  ]);
});

type Ask = (client: S3Client) => Promise<unknown>;

const deeds: readonly [string, Ask, string, string][] = [
  ['reading', (c) => c.send(new GetObjectCommand(object)), 's3:GetObject', `${bucket}/in/a.png`],
  ['listing', (c) => c.send(new ListObjectsV2Command(photos)), 's3:ListBucket', bucket],
  [
    'deleting',
    (c) => c.send(new DeleteObjectCommand(object)),
    's3:DeleteObject',
    `${bucket}/in/a.png`,
  ],
  [
    'replacing what one has to look at',
    (c) => c.send(new PutObjectCommand({ ...object, IfMatch: '"x"', Body: 'x' })),
    's3:GetObject',
    `${bucket}/in/a.png`,
  ],
];

test.each(deeds)('%s takes a right of its own', async (_what, ask, action, resource) => {
  const { client } = await world(allow('*', 's3:PutObject'));

  await expect(ask(client)).rejects.toMatchObject(forbidden(action, resource));
});

test('a word against it outweighs every word for it', async () => {
  const { client } = await world(allow('*', 's3:*'), deny(`${bucket}/in/*`, 's3:GetObject'));

  await expect(client.send(new GetObjectCommand(place('in/a.png')))).rejects.toThrow(
    'with an explicit deny',
  );
});

test('a copy takes the right to read the one and to write the other', async () => {
  const copy = new CopyObjectCommand({
    ...place('b.png', 'archive'),
    CopySource: 'photos/in/a.png',
  });
  const reading = allow(`${bucket}/in/*`, 's3:GetObject');
  const writing = allow('arn:aws:s3:::archive/*', 's3:PutObject');

  await (await world(reading, writing)).client.send(copy);
  await expect((await world(reading)).client.send(copy)).rejects.toMatchObject(
    forbidden('s3:PutObject', 'arn:aws:s3:::archive/b.png'),
  );
  await expect((await world(writing)).client.send(copy)).rejects.toMatchObject(
    forbidden('s3:GetObject', `${bucket}/in/a.png`),
  );
});

test('that something is missing is told to those who may list; to others it is forbidden', async () => {
  const reading = allow(`${bucket}/*`, 's3:GetObject', 's3:PutObject');
  const { client } = await world(reading);
  const lister = (await world(reading, allow(bucket, 's3:ListBucket'))).client;
  const head = new HeadObjectCommand(place('in/none.png'));
  const get = new GetObjectCommand(place('in/none.png'));
  const copy = new CopyObjectCommand({ ...place('c.png'), CopySource: 'photos/in/none.png' });

  await expect(lister.send(head)).rejects.toMatchObject({ name: 'NotFound' });
  await expect(lister.send(get)).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(lister.send(copy)).rejects.toMatchObject({ name: 'NoSuchKey' });
  await expect(client.send(head)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  await expect(client.send(get)).rejects.toMatchObject(forbidden('s3:ListBucket', bucket));
  await expect(client.send(copy)).rejects.toMatchObject(forbidden('s3:ListBucket', bucket));
});

test('a link can do what its signer can do', async () => {
  const link = ({ client }: Awaited<ReturnType<typeof world>>) =>
    getSignedUrl(client, new GetObjectCommand(place('in/a.png')));
  const able = await fetch(await link(await world(allow(`${bucket}/in/*`, 's3:GetObject'))));
  const unable = await fetch(await link(await world(allow(`${bucket}/out/*`, 's3:GetObject'))));

  expect([able.status, await able.text()]).toEqual([200, 'picture']);
  expect([unable.status, await unable.text()]).toEqual([
    403,
    expect.stringContaining('<Code>AccessDenied</Code>'),
  ]);
});

test('a form can do what its signer can do', async () => {
  const send = async ({ client }: Awaited<ReturnType<typeof world>>) => {
    const { url, fields } = await createPresignedPost(client, place('in/b.png'));
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob(['picture']));
    return fetch(url, { method: 'POST', body: form });
  };
  const able = await send(await world(allow(`${bucket}/in/*`, 's3:PutObject')));
  const unable = await send(await world(allow(`${bucket}/out/*`, 's3:PutObject')));

  expect(able.status).toBe(204);
  expect([unable.status, await unable.text()]).toEqual([
    403,
    expect.stringContaining('is not authorized to perform: s3:PutObject'),
  ]);
});
