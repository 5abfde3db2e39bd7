import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';

/** Who uses a data folder, as that process wrote it. */
export type Owner = z.infer<typeof Owner>;
const Owner = z.object({ pid: z.number(), url: z.string().optional() });

export type DataLock = {
  /** Who had the lock before, if that process ended without giving it back. */
  readonly killed: Owner | undefined;
  /** Stores the URL of this process, for processes that find the folder locked. */
  announce(url: string): void;
  release(): void;
};

/**
 * Locks a data folder for this process, or returns who has locked it.
 *
 * The lock is the exclusive lock of SQLite on an empty file, so the operating system holds it and ends it
 * with the process: nothing is left of it after `kill -9` or a reboot, and no process id has to be believed.
 * A lock that is a file or a folder has to guess from its age or its process id whether its owner is alive.
 */
export function lockDataFolder(folder: string): DataLock | { readonly owner: Owner | undefined } {
  const ownerFile = join(folder, 'running.json');
  const database = new DatabaseSync(join(folder, 'lock'));
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (thrown) {
    database.close();
    if (isLocked(thrown)) return { owner: readOwner(ownerFile) };
    throw thrown;
  }
  const killed = readOwner(ownerFile);
  const write = (owner: Owner) => writeFileSync(ownerFile, `${JSON.stringify(owner)}\n`);
  write({ pid: process.pid });
  return {
    killed,
    announce: (url) => write({ pid: process.pid, url }),
    release() {
      rmSync(ownerFile, { force: true });
      database.close();
    },
  };
}

const SQLITE_BUSY = 5;

const isLocked = (thrown: unknown): boolean =>
  thrown instanceof Error && 'errcode' in thrown && thrown.errcode === SQLITE_BUSY;

function readOwner(file: string): Owner | undefined {
  try {
    return Owner.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
