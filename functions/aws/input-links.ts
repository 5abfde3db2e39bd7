import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Inputs } from '../task/ports.ts';
import { preparedKey } from './bucket-keys.ts';

/** How long a provider may fetch an input after it was handed the job, in seconds. */
const linkSeconds = 30 * 60;

/** Short links to the private copies of the inputs, for the provider. */
export const inputLinks = (client: S3Client, bucket: string): Pick<Inputs, 'link'> => ({
  link: (taskId, index) =>
    getSignedUrl(
      client,
      new GetObjectCommand({ Bucket: bucket, Key: preparedKey(taskId, index) }),
      {
        expiresIn: linkSeconds,
      },
    ),
});
