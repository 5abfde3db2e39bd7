import { mkdir } from 'node:fs/promises';
import { fileError } from './file-error.ts';

/** Makes a directory to write to, unless there is one. */
export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((thrown: unknown) => {
    throw fileError(`Cannot write to ${path}`, thrown);
  });
}
