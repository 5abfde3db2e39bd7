import { spellDuration } from '../model/duration.ts';
import { isFileId } from '../model/ids.ts';
import { formatOfType } from '../model/image-format.ts';
import { Problem } from '../model/problem.ts';
import { fileTtlMs } from '../model/task.ts';
import { type Delivery, deliver } from '../wire/deliver-picture.ts';
import type { FileStore } from './ports.ts';

type Deps = { readonly files: FileStore };

export const fileNotFound = (): Problem =>
  new Problem(
    'file_not_found',
    `There is no such file: it was not uploaded, or it was deleted ${spellDuration(fileTtlMs)} after its upload.`,
    { param: 'file_id' },
  );

/**
 * A file of this account, as it was uploaded: nobody has inspected it yet.
 * @throws {Problem} `file_not_found`, also for a file of another account; `picture_too_large`
 */
export const getFile =
  ({ files }: Deps) =>
  async (fileId: string, account: string, delivery: Delivery) => {
    const file = isFileId(fileId) ? await files.find(account, fileId) : undefined;
    if (!file) throw fileNotFound();
    // The form has fixed the type to one of ours. Whatever else may be there is not shown as what it says it is.
    const format = formatOfType(file.contentType);
    return deliver(delivery, {
      contentType: format ? file.contentType : 'application/octet-stream',
      bytes: file.bytes,
      filename: `${fileId}.${format ?? 'bin'}`,
      link: () => files.link(account, fileId),
      read: () => files.read(account, fileId),
    });
  };
