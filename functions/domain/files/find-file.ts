import type { HostedFile } from '../model/hosted-file.ts';
import { isHostedFileId } from '../model/ids.ts';
import { Problem } from '../model/problem.ts';
import type { HostedFiles } from './ports.ts';

const fileNotFound = (id: string): Problem =>
  new Problem(
    'file_not_found',
    isHostedFileId(id)
      ? `There is no file ${id}.`
      : 'A file id starts with file_ and is the one that the upload returned.',
    { param: 'file_id' },
  );

/** The file of this account. @throws {Problem} `file_not_found`, also when it belongs to another account */
export async function findFileOf(
  files: Pick<HostedFiles, 'find'>,
  { id, account, now }: { readonly id: string; readonly account: string; readonly now: number },
): Promise<HostedFile> {
  const file = isHostedFileId(id) ? await files.find(id, now) : undefined;
  if (file?.account !== account) throw fileNotFound(id);
  return file;
}
