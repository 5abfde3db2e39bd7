import {
  CopyObjectCommand,
  GetObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { Rules } from '../network/check-url.ts';
import { AddressRefused, TooLarge, Unreachable } from '../network/errors.ts';
import { InputRefused, InputUnavailable } from '../task/failures.ts';
import type { Inputs } from '../task/ports.ts';
import type { Failure, Input, Task } from '../task/task.ts';
import { fileKey, preparedKey, uploadKey } from './bucket-keys.ts';
import { type Downloaded, download } from './download.ts';
import { hasObject } from './objects.ts';
import { putFile } from './put-file.ts';

/** The contract's limit for one picture, in bytes; what is larger is not even read to its end. */
export const mostInputBytes = 10 * 1024 * 1024;
const downloadMs = 20_000;
const mostRedirects = 3;

/** An input that is in our bucket already. */
type Stored = Exclude<Input, { kind: 'url' }>;

/** The input pictures in S3. */
export function inputBucket(client: S3Client, bucket: string, rules: Rules): Omit<Inputs, 'link'> {
  const place = (taskId: string, index: number) => ({
    Bucket: bucket,
    Key: preparedKey(taskId, index),
  });

  // A copy, because the form an upload came with may be used again after we have looked at it.
  const copy = async (task: Task, index: number, input: Stored) => {
    const CopySource = `${bucket}/${sourceOf(task, index, input)}`;
    await client
      .send(new CopyObjectCommand({ ...place(task.id, index), CopySource }))
      .catch((error: unknown) => refuseWhenMissing(error, input));
  };

  return {
    keep: async (task, index, input) => {
      if (input.kind !== 'url') return copy(task, index, input);
      await using file = await fetchInput(input.url, index, rules);
      await putFile(client, { bucket, key: preparedKey(task.id, index) }, file);
    },
    has: (taskId, index) => hasObject(client, place(taskId, index)),
    read: async (taskId, index, from, bytes) => {
      const Range = `bytes=${from}-${from + bytes - 1}`;
      const object = await client.send(new GetObjectCommand({ ...place(taskId, index), Range }));
      const size = Number(object.ContentRange?.split('/')[1] ?? object.ContentLength ?? 0);
      return { size, bytes: (await object.Body?.transformToByteArray()) ?? new Uint8Array() };
    },
  };
}

const sourceOf = (task: Task, index: number, input: Stored): string =>
  input.kind === 'file' ? fileKey(task.account, input.fileId) : uploadKey(task.id, index);

// The bucket is the truth: the event of an upload that is there may have been lost.
const missing: Record<Stored['kind'], Failure> = {
  file: {
    code: 'image_processing_error',
    message: 'was never uploaded, or longer than a day ago; upload it again',
  },
  upload: {
    code: 'invalid_parameters',
    message:
      'did not arrive in time; create a new task and upload every picture with the form in its answer',
  },
};

function refuseWhenMissing(error: unknown, { kind }: Stored): never {
  if (!(error instanceof S3ServiceException) || error.name !== 'NoSuchKey') throw error;
  throw new InputRefused(missing[kind], { cause: error });
}

async function fetchInput(url: string, index: number, rules: Rules) {
  const options = {
    rules,
    redirects: mostRedirects,
    maxBytes: mostInputBytes,
    deadlineMs: downloadMs,
  };
  const { status, file } = await download(url, options).catch((error: unknown) =>
    refused(error, index),
  );
  if (status === 408 || status === 429 || status >= 500) {
    throw new InputUnavailable(`image_urls[${index}] answered ${status} when it was fetched.`);
  }
  if (!file) throw unusable(`answered ${status}; it must be downloadable without a login`);
  if (file.bytes > 0) return file;
  await file[Symbol.asyncDispose]();
  throw unusable('is empty');
}

const unusable = (message: string, cause?: unknown) =>
  new InputRefused({ code: 'image_processing_error', message }, { cause });

function refused(error: unknown, index: number): Downloaded {
  if (error instanceof TooLarge) {
    throw new InputRefused(
      { code: 'invalid_parameters', message: 'is larger than 10 MB; send a smaller file' },
      { cause: error },
    );
  }
  if (error instanceof AddressRefused) throw unusable(error.message, error);
  if (error instanceof Unreachable) {
    throw new InputUnavailable(`image_urls[${index}] ${error.message}.`, { cause: error });
  }
  throw error;
}
