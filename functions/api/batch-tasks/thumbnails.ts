import { S3Client } from '@aws-sdk/client-s3';
import { s3ClientConfig } from '../../adapters/aws/client-config.ts';
import { objectLinks } from '../../adapters/aws/s3/presign.ts';
import { storedThumbnails } from '../../adapters/aws/s3/thumbnails.ts';
import { inputLinkSeconds } from '../../domain/model/task.ts';
import { thumbnailLinks } from '../../domain/tasks/thumbnails.ts';
import type { Env } from '../../runtime/env.ts';

/** A function that finds the thumbnails of a task; undefined in a stack that makes no thumbnails. */
export function thumbnailsOf(env: Env<'api/batch-tasks'>) {
  const { INPUT_THUMBNAIL_BUCKET: inputs, RESULT_THUMBNAIL_BUCKET: results } = env;
  if (inputs === undefined || results === undefined) return undefined;
  const client = new S3Client(s3ClientConfig);
  const thumbnailsIn = (bucket: string) => {
    const link = objectLinks(client.config, {
      bucket,
      endpoint: env.AWS_ENDPOINT_URL_S3,
      expiresIn: inputLinkSeconds,
    });
    return storedThumbnails(client, bucket, (key) => link(key, Date.now()));
  };
  return thumbnailLinks({
    inputs: thumbnailsIn(inputs),
    results: thumbnailsIn(results),
    now: Date.now,
  });
}
