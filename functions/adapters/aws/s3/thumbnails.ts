import {
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { contentTypeOf, type ImageFormat } from '../../../domain/model/image-format.ts';
import type { ThumbnailStore } from '../../../domain/tasks/ports.ts';
import type { TaskPicture } from '../../../domain/tasks/thumbnails.ts';
import { parsePictureKey, thumbnailKey, thumbnailPrefix } from './bucket-keys.ts';
import { listImages } from './objects.ts';

/** The formats that the decoder reads. It does not know BMP. */
const decoded: readonly ImageFormat[] = ['jpeg', 'png', 'webp'];

/** The picture that an event of a bucket is about; undefined for an object that gets no thumbnail. */
export function taskPicture(
  client: S3Client,
  bucket: string,
  key: string,
): TaskPicture | undefined {
  const picture = parsePictureKey(key);
  if (!picture || !decoded.includes(picture.format)) return undefined;
  const { taskId, number } = picture;
  return {
    taskId,
    read: async () => {
      const object = await client
        .send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        .catch(whenDeleted);
      return object?.Body?.transformToByteArray();
    },
    storeThumbnail: async (jpeg) => {
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: thumbnailKey(taskId, number),
          ContentType: contentTypeOf('jpeg'),
          Body: jpeg,
        }),
      );
    },
  };
}

/** Without `s3:ListBucket` S3 reports a missing object as `AccessDenied` instead of `NoSuchKey`. */
function whenDeleted(error: unknown): undefined {
  const isGone =
    error instanceof S3ServiceException && ['NoSuchKey', 'AccessDenied'].includes(error.name);
  if (!isGone) throw error;
}

/**
 * The thumbnails in a bucket.
 * @param link makes a link to an object by its key
 */
export const storedThumbnails = (
  client: S3Client,
  bucket: string,
  link: (key: string) => Promise<string>,
): ThumbnailStore => ({
  links: async (taskId) => {
    const images = await listImages(client, bucket, thumbnailPrefix(taskId));
    const links = images.map(async ({ key, number }) => [number, await link(key)] as const);
    return new Map(await Promise.all(links));
  },
});
