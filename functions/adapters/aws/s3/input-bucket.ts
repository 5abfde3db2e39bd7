import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import {
  type Input,
  maxSignedUrlLength,
  pictureDownloadMs,
  type TaskState,
} from '../../../domain/model/task.ts';
import { InputProblem } from '../../../domain/tasks/input-problems.ts';
import type { InputStore } from '../../../domain/tasks/ports.ts';
import type { UrlRules } from '../../outbound/check-url.ts';
import { AddressNotAllowed, TooLarge, Unreachable } from '../../outbound/errors.ts';
import { saveToTempFile, type TempFile } from '../../outbound/temp-file.ts';
import {
  fileKey,
  parseUploadKey,
  preparedKey,
  preparedPrefix,
  uploadKey,
  uploadPrefix,
} from './bucket-keys.ts';
import { download } from './download.ts';
import { listImages, putImage } from './objects.ts';

type Options = UrlRules & {
  /** The size limit of a picture. The rest of a larger one is not downloaded. */
  readonly maxBytes: number;
  /** How this service names itself to the hosts of pictures. */
  readonly userAgent: string;
};

/** An input that is in the bucket already. */
type StoredInput = Exclude<Input, { kind: 'url' }>;

/** The input pictures in S3. */
export function inputBucket(
  client: S3Client,
  bucket: string,
  options: Options,
): Pick<InputStore, 'fetch' | 'stored'> {
  return {
    fetch: async (task, index, input) => {
      const file =
        input.kind === 'url'
          ? await fetchUrl(input.url, options)
          : await fetchObject(
              client,
              { bucket, key: sourceKey(task, index, input) },
              input,
              options,
            );
      return {
        file,
        store: (format) =>
          putImage(
            client,
            { Bucket: bucket, Key: preparedKey(task.id, index, format) },
            file,
            format,
          ),
        [Symbol.asyncDispose]: file[Symbol.asyncDispose],
      };
    },

    stored: async (taskId) => {
      const images = await listImages(client, bucket, preparedPrefix(taskId));
      return new Map(images.map(({ number, format }) => [number, format]));
    },
  };
}

const sourceKey = (task: TaskState, index: number, input: StoredInput): string =>
  input.kind === 'file' ? fileKey(task.account, input.fileId) : uploadKey(task.id, index);

type Source = { readonly bucket: string; readonly key: string };

// What is fetched here is inspected and stored, not the object again: a caller can use the upload form a second time.
async function fetchObject(
  client: S3Client,
  { bucket, key }: Source,
  input: StoredInput,
  { maxBytes }: Options,
): Promise<TempFile> {
  const { Body } = await client
    .send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    .catch((error: unknown) => throwMissing(error, input));
  if (!(Body instanceof Readable)) throw new Error('S3 sent no body');
  return saveToTempFile(Body, { maxBytes }).catch((error: unknown) => {
    // Only a caller's own server is unreachable. S3 is expected to be there.
    throw error instanceof TooLarge ? new InputProblem({ reason: 'too-large' }) : error;
  });
}

// The bucket says whether an upload is there, not the task: the event of the upload may have been lost.
function throwMissing(error: unknown, { kind }: StoredInput): never {
  if (!(error instanceof S3ServiceException) || error.name !== 'NoSuchKey') throw error;
  throw new InputProblem(
    { reason: kind === 'file' ? 'missing-file' : 'missing-upload' },
    { cause: error },
  );
}

async function fetchUrl(
  url: string,
  { maxBytes, userAgent, ...rules }: Options,
): Promise<TempFile> {
  const options = {
    rules: { ...rules, maxLength: maxSignedUrlLength },
    userAgent,
    maxBytes,
    deadlineMs: pictureDownloadMs,
  };
  const { status, file } = await download(url, options).catch(throwDownloadProblem);
  if (!file) throw new InputProblem({ reason: 'http-status', status });
  if (file.size > 0) return file;
  await file[Symbol.asyncDispose]();
  throw new InputProblem({ reason: 'empty' });
}

function throwDownloadProblem(error: unknown): never {
  const options = { cause: error };
  if (error instanceof TooLarge) throw new InputProblem({ reason: 'too-large' }, options);
  if (error instanceof AddressNotAllowed) {
    throw new InputProblem({ reason: 'address', detail: error.message }, options);
  }
  if (error instanceof Unreachable) {
    throw new InputProblem({ reason: 'unreachable', detail: error.message }, options);
  }
  throw error;
}

/** How long a provider may fetch an input after it got the job, in seconds. */
const linkSeconds = 30 * 60;

/** Short-lived links to the private copies of the inputs, for the provider. */
export const inputLinks = (client: S3Client, bucket: string): Pick<InputStore, 'link'> => ({
  link: (taskId, index, format) =>
    getSignedUrl(
      client,
      new GetObjectCommand({ Bucket: bucket, Key: preparedKey(taskId, index, format) }),
      { expiresIn: linkSeconds },
    ),
});

// A list is small. S3 must not take the whole time of a run in which other tasks are due.
const listMs = 5000;

/**
 * Which uploads are in the bucket, whether their events have come or not. It lists them, because a HEAD needs the permission
 * to read a picture, which the reconciler does not have.
 */
export const inputUploads = (
  client: S3Client,
  bucket: string,
  timeoutMs = listMs,
): Pick<InputStore, 'uploaded'> => ({
  uploaded: async (taskId) => {
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: uploadPrefix(taskId) }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
    return new Set(Contents.flatMap(({ Key = '' }) => parseUploadKey(Key)?.index ?? []));
  },
});
