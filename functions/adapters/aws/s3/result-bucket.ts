import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { readImage } from '../../../domain/images/read-image.ts';
import { contentTypeOf } from '../../../domain/model/image-format.ts';
import { maxSignedUrlLength } from '../../../domain/model/task.ts';
import { ResultUnavailable } from '../../../domain/model/workflow-errors.ts';
import type { ResultStore } from '../../../domain/tasks/ports.ts';
import { resultKey, resultPrefix } from './bucket-keys.ts';
import { type DownloadOptions, download } from './download.ts';
import { listImages, putImage, readObject } from './objects.ts';

// Far above a PNG of 1280x1280: only a limit so that a wrong response cannot fill the disk.
const maxBytes = 64 * 1024 * 1024;
const downloadMs = 60_000;
const linkSeconds = 5 * 60;

/** Stores the generated images in S3. */
export const resultStore = (
  client: S3Client,
  bucket: string,
  options: Pick<DownloadOptions, 'rules' | 'userAgent'>,
): Pick<ResultStore, 'store' | 'stored'> => ({
  stored: async (taskId) => {
    const images = await listImages(client, bucket, resultPrefix(taskId));
    return new Map(
      images.map(({ key, number, format, bytes }) => [
        number,
        { key, contentType: contentTypeOf(format), bytes },
      ]),
    );
  },

  store: async (taskId, n, url) => {
    const downloaded = await download(url, {
      userAgent: options.userAgent,
      rules: { ...options.rules, maxLength: maxSignedUrlLength },
      maxBytes,
      deadlineMs: downloadMs,
    }).catch((cause: unknown) => {
      throw new ResultUnavailable(`result ${n} could not be fetched`, { cause });
    });
    if (!downloaded.file)
      throw new ResultUnavailable(`result ${n} has status ${downloaded.status}`);
    await using file = downloaded.file;
    // A gateway may answer with an error page and status 200, and a body may break off without an error.
    const image = readImage(file);
    if ('reason' in image) throw new ResultUnavailable(`result ${n} is ${image.reason}`);
    const key = resultKey(taskId, n, image.format);
    await putImage(client, { Bucket: bucket, Key: key }, file, image.format);
    return { key, contentType: contentTypeOf(image.format), bytes: file.size };
  },
});

/** Generated images, and fresh links to them. */
export const storedResults = (
  client: S3Client,
  bucket: string,
): Pick<ResultStore, 'link' | 'read'> => ({
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
  read: ({ key }) => readObject(client, { Bucket: bucket, Key: key }),
});
