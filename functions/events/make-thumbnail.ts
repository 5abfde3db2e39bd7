import { S3Client } from '@aws-sdk/client-s3';
import type { S3Event } from 'aws-lambda';
import { s3ClientConfig } from '../adapters/aws/client-config.ts';
import { taskPicture } from '../adapters/aws/s3/thumbnails.ts';
import { shrink } from '../adapters/decoder/shrink.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { makeThumbnail } from '../domain/tasks/thumbnails.ts';
import { log } from '../runtime/log.ts';
import { countMetric } from '../runtime/metric.ts';

const client = new S3Client(s3ClientConfig);
const make = makeThumbnail({
  shrink,
  failed: (taskId, cause) => {
    log('warn', 'thumbnail.not_made', { taskId, cause });
    countMetric(metricNames.thumbnailFailed);
  },
  gone: (taskId) => log('info', 'thumbnail.picture_gone', { taskId }),
});

// The bucket comes from the event: the role of this function can use the two buckets that send it events, and no other.
export const handler = async ({ Records }: S3Event): Promise<void> => {
  // One picture after the other: several at a time would need the memory of several.
  for (const { s3 } of Records) {
    const picture = taskPicture(client, s3.bucket.name, s3.object.key);
    if (picture) await make(picture);
  }
};
