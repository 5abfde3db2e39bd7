import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { startS3 } from '../../local/aws/s3/server.ts';
import { buckets, sdkConfig } from './template-resources.ts';

type Location = { readonly Bucket: string; readonly Key: string };

/** The local stack's S3 for one test, with the buckets of the template. `notified` gets the keys of their events. */
export async function s3({
  now = Date.now,
  versioned,
}: {
  now?: () => number;
  /** Whether the buckets keep versions. Without it they do what the template says. */
  versioned?: boolean;
} = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'darkroom-contract-'));
  const notified: string[] = [];
  const { url, close } = await startS3({
    dataDir,
    buckets: buckets.map(({ name, versioned: isVersioned, cors, notifications }) => ({
      name,
      versioned: versioned ?? isVersioned,
      cors,
      notifications: notifications.map(({ prefix, suffix }) => ({
        prefix,
        suffix,
        notify: ({ Records }) => void notified.push(...Records.map(({ s3 }) => s3.object.key)),
      })),
    })),
    credentials: [sdkConfig.credentials],
    now,
  });
  onTestFinished(async () => {
    await close();
    await rm(dataDir, { recursive: true });
  });
  return { url, notified, ...objects(s3Client(url)) };
}

// The same configuration as a Lambda of the local stack: with its endpoint, addresses are path-style.
export function s3Client(endpoint: string, config: S3ClientConfig = {}): S3Client {
  const client = new S3Client({ endpoint, ...sdkConfig, ...config });
  onTestFinished(() => client.destroy());
  return client;
}

const objects = (client: S3Client) => ({
  client,
  put: (location: Location, Body: string | Buffer, ContentType = 'image/png') =>
    client.send(new PutObjectCommand({ ...location, Body, ContentType })),
  get: async (location: Location) => {
    const { Body, ContentType } = await client.send(new GetObjectCommand(location));
    return { type: ContentType, bytes: Buffer.from((await Body?.transformToByteArray()) ?? []) };
  },
  remove: (location: Location) => client.send(new DeleteObjectCommand(location)),
  /** The keys of all versions and delete markers. */
  versions: async (Bucket: string) => {
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket }),
    );
    return [...Versions, ...DeleteMarkers].map(({ Key = '' }) => Key);
  },
  keys: async (Bucket: string) => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    return Contents.map(({ Key }) => Key);
  },
});
