import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { InputStore } from '../../../domain/tasks/ports.ts';
import { preparedKey } from './bucket-keys.ts';

// Apart from input-bucket.ts, since submit-task only makes links: its bundle has neither the download nor the
// other commands of S3.

/** How long a provider may fetch an input after it got the job, in seconds. */
const linkSeconds = 30 * 60;

/** Short-lived links to the private copies of the inputs, for the provider. */
export const inputLinks = (client: S3Client, bucket: string): Pick<InputStore, 'link'> => ({
  link: (taskId, index, format) =>
    getSignedUrl(
      client,
      new GetObjectCommand({ Bucket: bucket, Key: preparedKey(taskId, index, format) }),
      { expiresIn: linkSeconds },
    ),
});
