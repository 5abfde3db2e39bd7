import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import type { Bucket } from '../../../../local/aws/s3/request.ts';
import { startS3 } from '../../../../local/aws/s3/server.ts';

export const credentials = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local-secret' };

/** A running S3 with the bucket `photos`, and a client for it. Its clock is `clock.skewMs` ahead. */
export async function localS3(photos: Partial<Bucket> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 's3-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const errors: unknown[] = [];
  const clock = { skewMs: 0 };
  const start = async (bucket = photos) => {
    const s3 = await startS3({
      dataDir,
      buckets: [{ name: 'photos', ...bucket }, { name: 'archive' }],
      credentials: [credentials],
      now: () => Date.now() + clock.skewMs,
      onError: (cause) => errors.push(cause),
    });
    onTestFinished(s3.close);
    return s3;
  };
  const s3 = await start();
  return {
    url: s3.url,
    dataDir,
    errors,
    clock,
    restart: start,
    stop: s3.close,
    client: clientOf(s3.url),
  };
}

export function clientOf(endpoint: string, config: S3ClientConfig = {}): S3Client {
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
    maxAttempts: 1,
    ...config,
  });
  onTestFinished(() => client.destroy());
  return client;
}
