import { accessSync, constants, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getSystemErrorMessage } from 'node:util';
import { type DataLock, lockDataFolder, type Owner } from './data-lock.ts';

/** Everything that a local stack stores in its data folder. `--fresh` deletes these and nothing else. */
const stored = ['cdk.out', 'dynamodb', 'keys.json', 'logs', 'ready.json', 's3', 'secrets'];

type Options = {
  readonly folder: string;
  /** Deletes the data of earlier runs. */
  readonly fresh: boolean;
};

/**
 * Opens the data folder for this process alone.
 * @throws {Error} that says who uses it, or why it cannot be written to; then nothing was deleted
 */
export function openDataFolder({ folder, fresh }: Options): DataLock {
  requireWritable(folder);
  const lock = lockDataFolder(folder);
  if ('owner' in lock) throw new Error(inUse(folder, lock.owner, fresh));
  if (fresh) {
    for (const name of stored) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return lock;
}

function inUse(folder: string, owner: Owner | undefined, fresh: boolean): string {
  const who = owner
    ? `by the local stack ${owner.url ? `at ${owner.url}` : 'that is starting'} (process ${owner.pid})`
    : 'by another process';
  const rest = fresh ? ', so nothing was deleted' : '';
  return `${folder} is in use ${who}${rest}. Stop it, or use another folder and port: npm start -- --data <folder> --port 0`;
}

function requireWritable(folder: string): void {
  let path = folder;
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
    // A run as another user may have left files that this one cannot change.
    for (const name of ['lock', 'running.json', ...stored]) {
      path = join(folder, name);
      if (existsSync(path)) accessSync(path, constants.W_OK);
    }
  } catch (thrown) {
    const reason = systemReason(thrown);
    if (reason === undefined) throw thrown;
    throw new Error(
      `Cannot write to ${path}: ${reason}. Use another folder: npm start -- --data <folder>`,
      { cause: thrown },
    );
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

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** What the operating system says, without the name of the call; `undefined` for any other error. */
const systemReason = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'errno' in thrown && typeof thrown.errno === 'number'
    ? getSystemErrorMessage(thrown.errno)
    : undefined;
