import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { expect, test } from 'vitest';
import type { S3Event } from '../../../../local/aws/s3/notification.ts';
import { localS3 } from './local-s3.ts';

const put = (client: S3Client, Key: string) =>
  client.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: 'pixels' }));

async function s3WithNotifications() {
  const events: S3Event[] = [];
  const setUp = await localS3({
    notifications: [{ prefix: 'in/', suffix: '.png', notify: (event) => void events.push(event) }],
  });
  return { ...setUp, events };
}

test('a notification is the event that S3 sends to a function', async () => {
  const { client, events } = await s3WithNotifications();

  await put(client, 'in/a b+ü.png');

  expect(events).toEqual([
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

test('copies and posted forms have their own event names, in order', async () => {
  const { client, events } = await s3WithNotifications();
  await put(client, 'in/a.png');
  await client.send(
    new CopyObjectCommand({ Bucket: 'photos', Key: 'in/b.png', CopySource: 'photos/in/a.png' }),
  );
  const { url, fields } = await createPresignedPost(client, { Bucket: 'photos', Key: 'in/c.png' });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', 'pixels');
  await fetch(url, { method: 'POST', body: form });

  const records = events.flatMap((event) => event.Records);

  expect(records.map(({ eventName }) => eventName)).toEqual([
    'ObjectCreated:Put',
    'ObjectCreated:Copy',
    'ObjectCreated:Post',
  ]);
  const sequencers = records.map(({ s3 }) => s3.object.sequencer);
  expect(sequencers).toEqual(sequencers.toSorted());
  expect(new Set(sequencers).size).toBe(3);
});

test('only keys with the prefix and the suffix send a notification', async () => {
  const { client, events } = await s3WithNotifications();

  await put(client, 'in/a.txt');
  await put(client, 'out/a.png');

  expect(events).toEqual([]);
});

test('the object exists when the notification is sent, and the response does not wait for it', async () => {
  const { promise: never } = Promise.withResolvers<void>();
  const found = Promise.withResolvers<string | undefined>();
  let reader: S3Client | undefined;
  const notify = async () => {
    const got = await reader?.send(new GetObjectCommand({ Bucket: 'photos', Key: 'in/a' }));
    found.resolve(await got?.Body?.transformToString());
    await never;
  };
  const { client } = await localS3({ notifications: [{ prefix: 'in/', notify }] });
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
])('a notification that %s is reported and affects no other request', async (_, notify) => {
  const { client, errors } = await localS3({ notifications: [{ prefix: '', notify }] });

  await put(client, 'a');
  await put(client, 'b');

  await expect.poll(() => errors).toMatchObject([{ message: 'crashed' }, { message: 'crashed' }]);
});
