import { Readable } from 'node:stream';
import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { readImage } from '../../../domain/images/read-image.ts';
import { resultDownloadMs } from '../../../domain/model/deadlines.ts';
import { contentTypeOf } from '../../../domain/model/image-format.ts';
import { type Image, maxSignedUrlLength } from '../../../domain/model/task.ts';
import { ResultUnavailable } from '../../../domain/model/workflow-errors.ts';
import type { ResultStore } from '../../../domain/tasks/ports.ts';
import { pictureLinkSeconds } from '../../../domain/wire/deliver-picture.ts';
import { saveToTempFile, type TempFile } from '../../outbound/temp-file.ts';
import { preparedKey, resultKey, resultPrefix } from './bucket-keys.ts';
import { type DownloadOptions, download } from './download.ts';
import { listImages, putImage, readObject } from './objects.ts';

// Far above a PNG of 1280x1280: only a limit so that a wrong response cannot fill the disk.
const maxBytes = 64 * 1024 * 1024;

/** Stores the generated images in S3. */
export const resultStore = (
  client: S3Client,
  bucket: string,
  options: Pick<DownloadOptions, 'rules' | 'userAgent'> & {
    /** Where the private copies of the inputs are. */
    readonly inputBucket: string;
  },
): Pick<ResultStore, 'store' | 'storeInput' | 'stored'> => ({
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
      deadlineMs: resultDownloadMs,
    }).catch((cause: unknown) => {
      throw new ResultUnavailable(`result ${n} could not be fetched`, { cause });
    });
    if (!downloaded.file)
      throw new ResultUnavailable(`result ${n} has status ${downloaded.status}`);
    await using file = downloaded.file;
    return await storeFile(client, bucket, { taskId, n }, file); // awaited: the file on disk must exist until then
  },

  storeInput: async (taskId, n, { index, format }, mark) => {
    const key = preparedKey(taskId, index, format);
    const { Body } = await client
      .send(new GetObjectCommand({ Bucket: options.inputBucket, Key: key }))
      .catch((cause: unknown) => {
        if (!isGone(cause)) throw cause;
        throw new ResultUnavailable(`the copy of input ${index} is gone`, { cause });
      });
    if (!(Body instanceof Readable)) throw new Error('S3 sent no body');
    await using input = await saveToTempFile(Body, { maxBytes });
    const picture = readImage(input);
    if ('reason' in picture)
      throw new ResultUnavailable(`the copy of input ${index} is ${picture.reason}`);
    const marked = Readable.from(mark(input, picture));
    await using file = await saveToTempFile(marked, { maxBytes });
    return await storeFile(client, bucket, { taskId, n }, file); // awaited: the file on disk must exist until then
  },
});

/** Without `s3:ListBucket` S3 answers 403 for an object that does not exist, instead of 404. */
const isGone = (error: unknown): boolean =>
  error instanceof S3ServiceException && [403, 404].includes(error.$metadata.httpStatusCode ?? 0);

/** Stores a result, from any source, if it is a whole picture. @throws {ResultUnavailable} */
async function storeFile(
  client: S3Client,
  bucket: string,
  { taskId, n }: { readonly taskId: string; readonly n: number },
  file: TempFile,
): Promise<Image> {
  // A gateway may answer with an error page and status 200, and a body may break off without an error.
  const image = readImage(file);
  if ('reason' in image) throw new ResultUnavailable(`result ${n} is ${image.reason}`);
  const key = resultKey(taskId, n, image.format);
  await putImage(client, { Bucket: bucket, Key: key }, file, image.format);
  return { key, contentType: contentTypeOf(image.format), bytes: file.size };
}

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
      { expiresIn: pictureLinkSeconds },
    ),
  read: ({ key }) => readObject(client, { Bucket: bucket, Key: key }),
});
