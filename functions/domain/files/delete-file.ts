import type { Clock } from '../model/clock.ts';
import { findFileOf } from './find-file.ts';
import type { FileBucket, HostedFiles } from './ports.ts';

type Deps = {
  readonly files: Pick<HostedFiles, 'find' | 'remove'>;
  readonly bucket: Pick<FileBucket, 'deleteAll'>;
  readonly now: Clock;
};

/** As often as somebody may replace the file while it is being deleted. */
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
