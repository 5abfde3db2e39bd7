import type { Readable } from 'node:stream';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { contentDisposition, mimeTypeOf } from '../../../domain/files/file-name.ts';
import { type FileBucket, FileProblem, type ReceivedFile } from '../../../domain/files/ports.ts';
import type { UrlRules } from '../../outbound/check-url.ts';
import { AddressNotAllowed, TooLarge, Unreachable } from '../../outbound/errors.ts';
import { saveToTempFile, type TempFile } from '../../outbound/temp-file.ts';
import { hostedFileKey, hostedFilePrefix } from './bucket-keys.ts';
import { download } from './download.ts';
import { deleteVersions, putImage, readObject } from './objects.ts';

const linkSeconds = 5 * 60;
/** Below the half minute after which API Gateway gives up, with time left to store the file. */
const downloadMs = 20_000;

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
        throw problemOf(cause, maxBytes, 'incomplete');
      }),
    );

type DownloadOptions = Options & UrlRules & { readonly userAgent: string };

/** Receives files from addresses that callers name. */
export const fileDownloader =
  (client: S3Client, { bucket, maxBytes, userAgent, ...rules }: DownloadOptions) =>
  /** @throws {FileProblem} */
  async (url: string): Promise<ReceivedFile> => {
    const options = { rules, userAgent, maxBytes, deadlineMs: downloadMs };
    const { status, file } = await download(url, options).catch((cause: unknown) => {
      throw problemOf(cause, maxBytes, 'unreachable');
    });
    if (!file) throw new FileProblem('unreachable', `answered with status ${status}`);
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
  brokenOff: 'incomplete' | 'unreachable',
): unknown {
  if (cause instanceof TooLarge) return new FileProblem('too-large', String(maxBytes), { cause });
  if (cause instanceof AddressNotAllowed) {
    return new FileProblem('address', cause.message, { cause });
  }
  return cause instanceof Unreachable
    ? new FileProblem(brokenOff, cause.message, { cause })
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
      { expiresIn: linkSeconds },
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
