import type { Clock } from '../model/clock.ts';
import { spellDuration } from '../model/duration.ts';
import { isFileId } from '../model/ids.ts';
import { formatOfType } from '../model/image-format.ts';
import { filePath, pathTo } from '../model/paths.ts';
import { Problem } from '../model/problem.ts';
import { fileTtlMs } from '../model/task.ts';
import { type Delivery, deliver } from '../wire/deliver-picture.ts';
import type { FileRequest } from '../wire/request.ts';
import { type UploadForm, uploadView } from '../wire/view.ts';
import type { FileStore } from './ports.ts';

// Files that a caller uploads before he creates the tasks that use them.

type CreateDeps = {
  readonly baseUrl: string;
  readonly now: Clock;
  readonly newId: () => string;
  readonly formFor: (account: string, fileId: string, contentType: string) => Promise<UploadForm>;
};

/** Creates a file that later tasks may use as a picture: its URL, and the form to upload it with. */
export const createFile =
  ({ baseUrl, now, newId, formFor }: CreateDeps) =>
  async ({ content_type }: FileRequest, account: string) => {
    const id = newId();
    return {
      id,
      object: 'file' as const,
      url: fileUrl(baseUrl, id),
      expires_at: Math.floor((now() + fileTtlMs) / 1000),
      upload: uploadView(await formFor(account, id, content_type)),
    };
  };

/**
 * A file of this account, as it was uploaded: nobody has inspected it yet.
 * @throws {Problem} `file_not_found`, also for a file of another account; `picture_too_large`
 */
export const getFile =
  ({ files }: { readonly files: FileStore }) =>
  async (fileId: string, account: string, delivery: Delivery) => {
    const file = isFileId(fileId) ? await files.find(account, fileId) : undefined;
    if (!file) throw fileNotFound();
    // The upload form allows only our types. A file of any other type is not served with that type.
    const format = formatOfType(file.contentType);
    return deliver(delivery, {
      contentType: format ? file.contentType : 'application/octet-stream',
      bytes: file.bytes,
      filename: `${fileId}.${format ?? 'bin'}`,
      link: () => files.link(account, fileId),
      read: () => files.read(account, fileId),
    });
  };

export const fileNotFound = (): Problem =>
  new Problem(
    'file_not_found',
    `There is no such file: it was not uploaded, or it was deleted ${spellDuration(fileTtlMs)} after its upload.`,
    { param: 'file_id' },
  );

/** The URL of an uploaded file, which only tasks of its own account can use as an input. */
export const fileUrl = (baseUrl: string, fileId: string): string =>
  `${baseUrl}${pathTo(filePath, { file_id: fileId })}`;

/**
 * The id in such a URL; undefined for any other URL.
 * @param formerUrl the address of the API before it had a domain: files that were uploaded then have it in their URLs
 */
export const fileIdOf =
  (baseUrl: string, formerUrl = baseUrl) =>
  (url: string): string | undefined => {
    const id = url.slice(url.lastIndexOf('/') + 1);
    const isOwn = [baseUrl, formerUrl].some((base) => url === fileUrl(base, id));
    return isOwn && isFileId(id) ? id : undefined;
  };
