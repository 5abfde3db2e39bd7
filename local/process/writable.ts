import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { getSystemErrorMessage } from 'node:util';

/** Makes the folder unless it is there. @throws {Error} that says why nothing can be written in it, and the remedy */
export const requireWritableFolder = (folder: string, remedy: string): void =>
  explained(folder, remedy, () => {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  });

/** Makes the folders above it. @throws {Error} that says why the file cannot be written, and the remedy */
export const requireWritableFile = (file: string, remedy: string): void =>
  explained(file, remedy, () => {
    makeFolder(dirname(file));
    accessSync(dirname(file), constants.W_OK);
    if (!existsSync(file)) return;
    if (isFolder(file)) throw cannotWrite(file, 'it is a folder', remedy);
    accessSync(file, constants.W_OK);
  });

/** What an error of the operating system says, without the name of the call; `undefined` for any other error. */
export const systemReason = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'errno' in thrown && typeof thrown.errno === 'number'
    ? getSystemErrorMessage(thrown.errno)
    : undefined;

export const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

export const cannotWrite = (path: string, reason: string, remedy: string, cause?: unknown): Error =>
  new Error(`Cannot write to ${path}: ${reason}. ${remedy}`, { cause });

function explained(path: string, remedy: string, check: () => void): void {
  try {
    check();
  } catch (thrown) {
    const reason = systemReason(thrown);
    throw reason === undefined ? thrown : cannotWrite(path, reason, remedy, thrown);
  }
}

/** Makes a folder and those above it. Node's recursive `mkdir` never ends where nothing can be made, as in /proc. */
function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  if (!existsSync(dirname(folder))) makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (thrown) {
    // Another process may have made it.
    if (!isFolder(folder)) throw thrown;
  }
}
