import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { InputStore } from '../../../domain/tasks/ports.ts';
import { parseUploadKey, uploadPrefix } from './bucket-keys.ts';

// Apart from input-bucket.ts, since the reconciler only looks: it has no right to read a picture, and a HEAD would
// need that right.

// A list is small. S3 must not take the whole time of a run in which other tasks are due.
const listMs = 5000;

/** Which uploads are in the bucket, whether their events have come or not. */
export const inputUploads = (
  client: S3Client,
  bucket: string,
  timeoutMs = listMs,
): Pick<InputStore, 'uploaded'> => ({
  uploaded: async (taskId) => {
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: uploadPrefix(taskId) }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
    return new Set(Contents.flatMap(({ Key = '' }) => parseUploadKey(Key)?.index ?? []));
  },
});
