import { GetObjectCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Rules } from '../network/check-url.ts';
import { ResultUnavailable } from '../task/failures.ts';
import type { Results } from '../task/ports.ts';
import type { Image } from '../task/task.ts';
import { resultKey } from './bucket-keys.ts';
import { download } from './download.ts';
import { headOf } from './objects.ts';
import { putFile } from './put-file.ts';

// Far above a 1280x1280 PNG; a bound, so that a wrong answer cannot fill the disk.
const mostBytes = 64 * 1024 * 1024;
const downloadMs = 60_000;
const linkSeconds = 5 * 60;
const types = ['image/png', 'image/jpeg', 'image/webp'];

/** Where finished pictures are kept. */
export const resultStore = (
  client: S3Client,
  bucket: string,
  rules: Rules,
): Pick<Results, 'keep'> => ({
  keep: async (taskId, n, url) => {
    const key = resultKey(taskId, n);
    const before = await headOf(client, { Bucket: bucket, Key: key });
    if (before) return imageOf(key, before);
    const options = { rules, redirects: 2, maxBytes: mostBytes, deadlineMs: downloadMs };
    const { status, file, ...rest } = await download(url, options).catch((cause: unknown) => {
      throw new ResultUnavailable(`result ${n} could not be fetched`, { cause });
    });
    if (!file) throw new ResultUnavailable(`result ${n} answered ${status}`);
    await using spooled = file;
    if (spooled.bytes === 0) throw new ResultUnavailable(`result ${n} is empty`);
    const contentType =
      types.find((type) => 'contentType' in rest && rest.contentType?.startsWith(type)) ??
      'image/png';
    await putFile(client, { bucket, key, contentType }, spooled);
    return { key, contentType, bytes: spooled.bytes };
  },
});

// Copied by a settlement that died after it: the provider may have dropped the picture since.
const imageOf = (key: string, { ContentType, ContentLength }: HeadObjectCommandOutput): Image => ({
  ...{ key, contentType: ContentType ?? 'image/png', bytes: ContentLength ?? 0 },
});

/** Fresh links to finished pictures. */
export const resultLinks = (client: S3Client, bucket: string): Pick<Results, 'link'> => ({
  link: ({ key, contentType }, name) =>
    getSignedUrl(
      client,
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ResponseContentDisposition: `inline; filename="${name}.${contentType.split('/')[1]}"`,
      }),
      { expiresIn: linkSeconds },
    ),
});
