import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { startS3 } from '../../local/s3/server.ts';
import { buckets, sdk } from './stage.ts';

type Place = { readonly Bucket: string; readonly Key: string };

/** An S3 of the test's own with the buckets of the template; `notified` hears of what they tell. */
export async function s3({ now = Date.now }: { now?: () => number } = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'darkroom-contract-'));
  const notified: string[] = [];
  const { url, close } = await startS3({
    dataDir,
    buckets: buckets.map(({ name, cors, notifications }) => ({
      name,
      cors,
      notifications: notifications.map(({ prefix, suffix }) => ({
        prefix,
        suffix,
        notify: ({ Records }) => void notified.push(...Records.map(({ s3 }) => s3.object.key)),
      })),
    })),
    credentials: [sdk.credentials],
    now,
  });
  onTestFinished(async () => {
    await close();
    await rm(dataDir, { recursive: true });
  });
  return { url, notified, ...objects(s3Client(url)) };
}

// Told no more than a Lambda on the laptop is told: addresses there are path-style by themselves.
export function s3Client(endpoint: string, config: S3ClientConfig = {}): S3Client {
  const client = new S3Client({ endpoint, ...sdk, ...config });
  onTestFinished(() => client.destroy());
  return client;
}

const objects = (client: S3Client) => ({
  client,
  put: (place: Place, Body: string | Buffer, ContentType = 'image/png') =>
    client.send(new PutObjectCommand({ ...place, Body, ContentType })),
  get: async (place: Place) => {
    const { Body, ContentType } = await client.send(new GetObjectCommand(place));
    return { type: ContentType, bytes: Buffer.from((await Body?.transformToByteArray()) ?? []) };
  },
  keys: async (Bucket: string) => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    return Contents.map(({ Key }) => Key);
  },
});
