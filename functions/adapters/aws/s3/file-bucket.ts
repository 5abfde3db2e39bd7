import { GetObjectCommand, HeadObjectCommand, NotFound, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { FileStore } from '../../../domain/tasks/ports.ts';
import { pictureLinkSeconds } from '../../../domain/wire/deliver-picture.ts';
import { fileKey } from './bucket-keys.ts';
import { readObject } from './objects.ts';

/** The files of callers in the input bucket. */
export function fileBucket(client: S3Client, bucket: string): FileStore {
  const locationOf = (account: string, fileId: string) => ({
    Bucket: bucket,
    Key: fileKey(account, fileId),
  });
  return {
    find: async (account, fileId) => {
      try {
        const { ContentType = '', ContentLength = 0 } = await client.send(
          new HeadObjectCommand(locationOf(account, fileId)),
        );
        return { contentType: ContentType, bytes: ContentLength };
      } catch (error) {
        if (error instanceof NotFound) return undefined;
        throw error;
      }
    },
    link: (account, fileId) =>
      getSignedUrl(client, new GetObjectCommand(locationOf(account, fileId)), {
        expiresIn: pictureLinkSeconds,
      }),
    read: (account, fileId) => readObject(client, locationOf(account, fileId)),
  };
}
