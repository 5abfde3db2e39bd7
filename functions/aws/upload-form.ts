import type { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import type { UploadForm } from '../task/view.ts';

// Only a POST policy can carry a size limit and the exact type; a presigned PUT caps no size.
const leastBytes = 1;
const mostBytes = 10 * 1024 * 1024;
const validSeconds = 15 * 60;

/** A form with which one picture can be uploaded: this key, this type, 1 B to 10 MB, a quarter of an hour. */
export const uploadForms =
  (client: S3Client, bucket: string) =>
  async (key: string, contentType: string, now: number): Promise<UploadForm> => {
    const { url, fields } = await createPresignedPost(client, {
      Bucket: bucket,
      Key: key,
      Expires: validSeconds,
      Fields: { 'Content-Type': contentType },
      Conditions: [
        ['content-length-range', leastBytes, mostBytes],
        ['eq', '$Content-Type', contentType],
      ],
    });
    return { url, fields, expiresAt: now + validSeconds * 1000 };
  };
