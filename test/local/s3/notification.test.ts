import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { expect, test, vi } from 'vitest';
import type { S3Event } from '../../../local/s3/notification.ts';
import { s3World } from './world.ts';

const put = (client: S3Client, Key: string) =>
  client.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: 'pixels' }));

async function listeningWorld() {
  const heard: S3Event[] = [];
  const world = await s3World({
    notifications: [{ prefix: 'in/', suffix: '.png', notify: (event) => void heard.push(event) }],
  });
  return { ...world, heard };
}

test('a listener hears what S3 would tell a Lambda', async () => {
  const { client, heard } = await listeningWorld();

  await put(client, 'in/a b+ü.png');

  expect(heard).toEqual([
    {
      Records: [
        {
          eventVersion: '2.1',
          eventSource: 'aws:s3',
          awsRegion: 'us-east-1',
          eventTime: expect.stringMatching(/^\d{4}-.*Z$/),
          eventName: 'ObjectCreated:Put',
          s3: {
            bucket: { name: 'photos', arn: 'arn:aws:s3:::photos' },
            object: {
              key: 'in/a+b%2B%C3%BC.png',
              size: 6,
              eTag: createHash('md5').update('pixels').digest('hex'),
              sequencer: expect.stringMatching(/^[0-9A-F]{16}$/),
            },
          },
        },
      ],
    },
  ]);
});

test('copies and posted forms are called by their names, in order', async () => {
  const { client, heard } = await listeningWorld();
  await put(client, 'in/a.png');
  await client.send(
    new CopyObjectCommand({ Bucket: 'photos', Key: 'in/b.png', CopySource: 'photos/in/a.png' }),
  );
  const { url, fields } = await createPresignedPost(client, { Bucket: 'photos', Key: 'in/c.png' });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', 'pixels');
  await fetch(url, { method: 'POST', body: form });

  const records = heard.flatMap((event) => event.Records);

  expect(records.map(({ eventName }) => eventName)).toEqual([
    'ObjectCreated:Put',
    'ObjectCreated:Copy',
    'ObjectCreated:Post',
  ]);
  const sequencers = records.map(({ s3 }) => s3.object.sequencer);
  expect(sequencers).toEqual(sequencers.toSorted());
  expect(new Set(sequencers).size).toBe(3);
});

test('only keys with the prefix and the suffix are told', async () => {
  const { client, heard } = await listeningWorld();

  await put(client, 'in/a.txt');
  await put(client, 'out/a.png');

  expect(heard).toEqual([]);
});

test('the object is there when the listener hears of it, and the answer does not wait for him', async () => {
  const { promise: never } = Promise.withResolvers<void>();
  const found = Promise.withResolvers<string | undefined>();
  let reader: S3Client | undefined;
  const notify = async () => {
    const got = await reader?.send(new GetObjectCommand({ Bucket: 'photos', Key: 'in/a' }));
    found.resolve(await got?.Body?.transformToString());
    await never;
  };
  const { client } = await s3World({ notifications: [{ prefix: 'in/', notify }] });
  reader = client;

  await put(client, 'in/a');

  expect(await found.promise).toBe('pixels');
});

test.each([
  ['rejects', () => Promise.reject(new Error('crashed'))],
  [
    'throws',
    () => {
      throw new Error('crashed');
    },
  ],
])('a listener that %s is reported and disturbs nobody', async (_, notify) => {
  const { client, errors } = await s3World({ notifications: [{ prefix: '', notify }] });

  await put(client, 'a');
  await put(client, 'b');

  await vi.waitFor(() =>
    expect(errors).toMatchObject([{ message: 'crashed' }, { message: 'crashed' }]),
  );
});
