import type { Clock } from '../model/clock.ts';
import type { HostedFile } from '../model/hosted-file.ts';
import { isHostedFileId } from '../model/ids.ts';
import { Problem } from '../model/problem.ts';
import type { FileBucket, HostedFiles } from './ports.ts';

type Deps = {
  readonly files: Pick<HostedFiles, 'find' | 'remove'>;
  readonly bucket: Pick<FileBucket, 'deleteAll'>;
  readonly now: Clock;
};

/** How often a deletion is tried while somebody replaces the file. */
const maxAttempts = 5;

/**
 * Deletes a file of this account: its bytes, and then its record. When the bytes cannot be deleted the record is still
 * there, so that the call can be repeated.
 * @throws {Problem} `file_not_found`
 */
export const deleteFile =
  ({ files, bucket, now }: Deps) =>
  async (id: string, account: string): Promise<void> => {
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      const file = await findFileOf(files, { id, account, now: now() });
      await bucket.deleteAll(file);
      if (await files.remove(file, now())) return;
    }
    throw new Error(`${id} was replaced at every attempt to delete it`);
  };

const fileNotFound = (id: string): Problem =>
  new Problem(
    'file_not_found',
    isHostedFileId(id)
      ? `There is no file ${id}.`
      : 'A file id starts with file_ and is the one that the upload returned.',
    { param: 'file_id' },
  );

/** The file of this account. @throws {Problem} `file_not_found`, also when it belongs to another account */
async function findFileOf(
  files: Pick<HostedFiles, 'find'>,
  { id, account, now }: { readonly id: string; readonly account: string; readonly now: number },
): Promise<HostedFile> {
  const file = isHostedFileId(id) ? await files.find(id, now) : undefined;
  if (file?.account !== account) throw fileNotFound(id);
  return file;
}
