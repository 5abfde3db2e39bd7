import { createReadStream } from 'node:fs';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Spooled } from '../network/spool.ts';

type Place = { readonly bucket: string; readonly key: string; readonly contentType?: string };

/** Streams a file on disk into a bucket. S3 checks what arrives against the hash taken while it came. */
export async function putFile(
  client: S3Client,
  { bucket, key, contentType }: Place,
  file: Spooled,
): Promise<void> {
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      ContentType: contentType,
      ContentLength: file.bytes,
      ChecksumSHA256: file.sha256,
      Body: createReadStream(file.path),
    }),
  );
}
