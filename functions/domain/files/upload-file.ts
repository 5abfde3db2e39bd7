import type { ImageFile } from '../images/image-file.ts';
import { readImage } from '../images/read-image.ts';
import type { Caller } from '../model/api-key.ts';
import type { Clock } from '../model/clock.ts';
import {
  type HostedFile,
  hostedFileTtlMs,
  maxFilesOf,
  maxUploadBytes,
} from '../model/hosted-file.ts';
import { responseHeaders } from '../model/http-headers.ts';
import { hostedFileId } from '../model/ids.ts';
import type { ImageFormat } from '../model/image-format.ts';
import { filesPath, uploadUrlPath } from '../model/paths.ts';
import { Problem } from '../model/problem.ts';
import { defaultPath, extensionOf, savedName, shownName } from './file-name.ts';
import { FileProblem, type HostedFiles, type ReceivedFile } from './ports.ts';
import type { Place } from './upload-request.ts';

type Deps = {
  readonly files: Pick<HostedFiles, 'put' | 'list'>;
  readonly now: Clock;
  readonly newUploadId: () => string;
};

/** A file that has arrived, and what the caller says about it. */
export type Incoming = {
  readonly received: ReceivedFile;
  /** The name of the file at its source. */
  readonly originalName?: string | undefined;
  /** Where to store it. @throws {Problem} when that place is not allowed */
  readonly place: () => Place;
};

/**
 * Stores a picture and gives it a link. A file that is no picture is not stored. The bytes are stored before the record, so
 * a record never names bytes that are missing. Bytes without a record cannot be reached, and the bucket deletes them.
 * Deleting a file deletes all bytes of its name, even those of an upload that is running: then this stores them again.
 * @throws {Problem} when the file is refused; then the files of the account are unchanged
 */
export const uploadFile =
  ({ files, now, newUploadId }: Deps) =>
  async (receive: () => Promise<Incoming>, caller: Caller): Promise<HostedFile> => {
    const { received, originalName, place } = await receive().catch((error: unknown) => {
      throw problemOf(error);
    });
    await using incoming = received;
    const file = describeFile(incoming, place(), {
      originalName,
      version: newUploadId(),
      account: caller.account,
      now: now(),
    });
    const maxFiles = maxFilesOf(caller.userGroup);
    await checkRoom(files, file, maxFiles);
    return await storeFile({ files, now }, incoming, file, maxFiles); // awaited: the file on disk must exist until then
  };

/** How often a file is stored when the file of its name is deleted meanwhile. */
const maxAttempts = 3;

/** Stores the bytes, and then the record. @throws {Problem} when they cannot be stored */
async function storeFile(
  { files, now }: Omit<Deps, 'newUploadId'>,
  incoming: ReceivedFile,
  file: HostedFile,
  maxFiles: number,
): Promise<HostedFile> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const stored = attempt === 1 ? file : { ...file, ...lifetime(now()) };
    await incoming.store(stored).catch((cause: unknown) => {
      throw storageFailed(cause);
    });
    const result = await files.put(stored, maxFiles);
    if (result === 'stored') return stored;
    if (result === 'full') throw fileQuotaExceeded(maxFiles);
    if (result === 'busy') break;
  }
  throw uploadsBusy();
}

const lifetime = (uploadedAt: number): Pick<HostedFile, 'uploadedAt' | 'since' | 'expiresAt'> => ({
  uploadedAt,
  since: uploadedAt,
  expiresAt: uploadedAt + hostedFileTtlMs,
});

type Upload = {
  readonly originalName: string | undefined;
  readonly version: string;
  readonly account: string;
  readonly now: number;
};

function describeFile(
  { file }: ReceivedFile,
  { upload_path: path = defaultPath, file_name: givenName }: Place,
  { originalName = '', version, account, now }: Upload,
): HostedFile {
  const format = inspect(file);
  const name = givenName ?? `${version}.${extensionOf(format)}`;
  return {
    id: hostedFileId(account, path, name),
    account,
    path,
    name,
    originalName: shownName(originalName) ?? savedName(name, format),
    format,
    bytes: file.size,
    version,
    ...lifetime(now),
  };
}

// The limits of the model are checked later, with the task that uses the picture.
function inspect(file: ImageFile): ImageFormat {
  if (file.size === 0) throw emptyFile();
  const image = readImage(file);
  if ('reason' in image) throw unsupportedFileType(image.reason, image.advice);
  return image.format;
}

// Only avoids bytes in the bucket without a record: the limit itself is enforced when the record is written.
async function checkRoom(files: Deps['files'], file: HostedFile, maxFiles: number): Promise<void> {
  const listed = await files.list(file.account, file.uploadedAt);
  if (listed.length < maxFiles || listed.some(({ id }) => id === file.id)) return;
  throw fileQuotaExceeded(maxFiles);
}

function problemOf(error: unknown): unknown {
  if (!(error instanceof FileProblem)) return error;
  const { problem } = error;
  switch (problem.reason) {
    case 'too-large':
      return fileTooLarge(problem.maxBytes, error);
    case 'http-status':
      return fileDownloadFailed(`answered with status ${problem.status}`, error);
    case 'address':
      return new Problem('invalid_request', `file_url ${problem.detail}`, {
        param: 'file_url',
        cause: error,
      });
    case 'unreachable':
      return fileDownloadFailed(problem.detail, error);
    case 'incomplete':
      return incompleteForm(error);
    default:
      return problem satisfies never;
  }
}

const emptyFile = (): Problem =>
  new Problem('invalid_request', 'The file is empty (0 bytes): send the picture itself.', {
    param: 'file',
  });

export const unsupportedFileType = (reason: string, advice: string): Problem =>
  new Problem('unsupported_file_type', `The file is ${reason}; ${advice}.`, { param: 'file' });

export const fileTooLarge = (maxBytes = maxUploadBytes, cause?: unknown): Problem =>
  new Problem(
    'request_too_large',
    maxBytes === maxUploadBytes
      ? `The file is larger than ${maxBytes} bytes: send its address to ${uploadUrlPath}, or upload it with POST ${filesPath}.`
      : `The file is larger than ${maxBytes} bytes: make it smaller and send it again.`,
    { param: 'file', cause },
  );

export const fileQuotaExceeded = (maxFiles: number): Problem =>
  new Problem(
    'file_quota_exceeded',
    `Your account has ${maxFiles} files, which is as many as it may have: delete some, or wait until some have expired.`,
  );

export const fileDownloadFailed = (detail: string, cause?: unknown): Problem =>
  new Problem('file_download_failed', `file_url ${detail}`, { param: 'file_url', cause });

export const storageFailed = (cause?: unknown): Problem =>
  new Problem('storage_failed', 'The file could not be stored: send it again.', { cause });

export const incompleteForm = (cause?: unknown): Problem =>
  new Problem(
    'invalid_request',
    'The form ends too early or is damaged: send it as multipart/form-data, as a browser or curl -F does.',
    { param: 'file', cause },
  );

const uploadsBusy = (): Problem =>
  new Problem(
    'service_unavailable',
    'Many uploads of your account came at once: send this one again.',
    { headers: { [responseHeaders.retryAfter]: '1' } },
  );
