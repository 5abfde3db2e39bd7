import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ObjectVersion,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { contentTypeOf, type ImageFormat } from '../../../domain/model/image-format.ts';
import type { TempFile } from '../../outbound/temp-file.ts';
import { parseImageKey } from './bucket-keys.ts';

type Location = { readonly Bucket: string; readonly Key: string };

/** A picture in a bucket, as its key and the list of the bucket describe it. */
type StoredImage = {
  readonly key: string;
  readonly number: number;
  readonly format: ImageFormat;
  readonly bytes: number;
};

/** The pictures whose keys begin with a prefix: those of one task, so they are few. */
export async function listImages(
  client: S3Client,
  bucket: string,
  prefix: string,
): Promise<readonly StoredImage[]> {
  const { Contents = [] } = await client.send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }),
  );
  return Contents.flatMap(({ Key = '', Size = 0 }) => {
    const parsed = parseImageKey(Key);
    return parsed ? [{ key: Key, bytes: Size, ...parsed }] : [];
  });
}

/** Streams a file on disk into a bucket. S3 checks what arrives against the hash taken when it was saved. */
export async function putImage(
  client: S3Client,
  location: Location,
  file: TempFile,
  format: ImageFormat,
): Promise<void> {
  const body = file.stream();
  try {
    await client.send(
      new PutObjectCommand({
        ...location,
        ContentType: contentTypeOf(format),
        ContentLength: file.size,
        ChecksumSHA256: file.sha256,
        Body: body,
      }),
    );
  } finally {
    body.destroy(); // after a failure it may not have been read to its end
  }
}

/** All bytes of an object. Only for one that is known to be small. */
export async function readObject(client: S3Client, location: Location): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand(location));
  if (!Body) throw new Error('S3 sent no body');
  return Buffer.from(await Body.transformToByteArray());
}

/** How many objects are deleted at once. One task or one file has fewer, unless there are versions. */
const pageSize = 50;

/**
 * Deletes for good all objects whose keys begin with a prefix. By versions, since an operator may have switched them on:
 * without a version id, a deletion then only hides an object. In a bucket that has never had them, every object is its
 * version `null`.
 */
export async function deleteVersions(
  client: S3Client,
  Bucket: string,
  Prefix: string,
): Promise<void> {
  for (;;) {
    const {
      Versions = [],
      DeleteMarkers = [],
      IsTruncated,
    } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix, MaxKeys: pageSize }));
    const found: readonly ObjectVersion[] = [...Versions, ...DeleteMarkers];
    await Promise.all(
      found.map(({ Key, VersionId }) =>
        client.send(new DeleteObjectCommand({ Bucket, Key, VersionId })),
      ),
    );
    if (!IsTruncated) return;
  }
}
