import type { Readable } from 'node:stream';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { contentDisposition, mimeTypeOf } from '../../../domain/files/file-name.ts';
import {
  type FileBucket,
  FileProblem,
  type FileProblemReason,
  type ReceivedFile,
} from '../../../domain/files/ports.ts';
import { pictureDownloadMs } from '../../../domain/model/task.ts';
import { pictureLinkSeconds } from '../../../domain/wire/deliver-picture.ts';
import type { UrlRules } from '../../outbound/check-url.ts';
import { AddressNotAllowed, TooLarge, Unreachable } from '../../outbound/errors.ts';
import { saveToTempFile, type TempFile } from '../../outbound/temp-file.ts';
import { hostedFileKey, hostedFilePrefix } from './bucket-keys.ts';
import { download } from './download.ts';
import { deleteVersions, putImage, readObject } from './objects.ts';

type Options = {
  readonly bucket: string;
  /** The size limit of a file. */
  readonly maxBytes: number;
};

/** Receives files that arrive in the body of a request. */
export const fileReceiver =
  (client: S3Client, { bucket, maxBytes }: Options) =>
  /** @throws {FileProblem} when it is too large, or ends too early */
  async (body: Readable): Promise<ReceivedFile> =>
    received(
      client,
      bucket,
      await saveToTempFile(body, { maxBytes }).catch((cause: unknown) => {
        throw problemOf(cause, maxBytes, () => ({ reason: 'incomplete' }));
      }),
    );

type DownloadOptions = Options & UrlRules & { readonly userAgent: string };

/** Receives files from addresses that callers name. */
export const fileDownloader =
  (client: S3Client, { bucket, maxBytes, userAgent, ...rules }: DownloadOptions) =>
  /** @throws {FileProblem} */
  async (url: string): Promise<ReceivedFile> => {
    const options = { rules, userAgent, maxBytes, deadlineMs: pictureDownloadMs };
    const { status, file } = await download(url, options).catch((cause: unknown) => {
      throw problemOf(cause, maxBytes, (detail) => ({ reason: 'unreachable', detail }));
    });
    if (!file) throw new FileProblem({ reason: 'http-status', status });
    return received(client, bucket, file);
  };

const received = (client: S3Client, bucket: string, file: TempFile): ReceivedFile => ({
  file,
  store: (as) => putImage(client, { Bucket: bucket, Key: hostedFileKey(as) }, file, as.format),
  [Symbol.asyncDispose]: file[Symbol.asyncDispose],
});

function problemOf(
  cause: unknown,
  maxBytes: number,
  brokenOff: (detail: string) => FileProblemReason,
): unknown {
  if (cause instanceof TooLarge)
    return new FileProblem({ reason: 'too-large', maxBytes }, { cause });
  if (cause instanceof AddressNotAllowed) {
    return new FileProblem({ reason: 'address', detail: cause.message }, { cause });
  }
  return cause instanceof Unreachable
    ? new FileProblem(brokenOff(cause.message), { cause })
    : cause;
}

/**
 * The bytes of hosted files, and links to them. Their type is that of their content, whatever callers have called them.
 */
export const storedFiles = (
  client: S3Client,
  bucket: string,
): Pick<FileBucket, 'link' | 'read'> => ({
  link: (file, presentation) =>
    getSignedUrl(
      client,
      new GetObjectCommand({
        Bucket: bucket,
        Key: hostedFileKey(file),
        ResponseContentType: mimeTypeOf(file),
        ResponseContentDisposition: contentDisposition(presentation, file),
      }),
      { expiresIn: pictureLinkSeconds },
    ),
  read: (file) => readObject(client, { Bucket: bucket, Key: hostedFileKey(file) }),
});

/** Deletes the bytes of hosted files. */
export const fileBucketDeletion = (
  client: S3Client,
  bucket: string,
): Pick<FileBucket, 'deleteAll'> => ({
  deleteAll: ({ account, id }) => deleteVersions(client, bucket, hostedFilePrefix(account, id)),
});
