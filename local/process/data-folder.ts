import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { writeJsonFile } from '../aws/json-file.ts';
import { cannotWrite, isFolder, requireWritableFile, requireWritableFolder } from './writable.ts';

/** Who uses a data folder, as that process wrote it. */
type Owner = z.infer<typeof Owner>;
const Owner = z.object({ pid: z.number(), url: z.string().optional() });

/** Everything that a process stores in its data folder. */
export type StoredNames = {
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** What a start that was killed may have left. The next one deletes it. */
  readonly drafts: RegExp;
};

export type DataFolder = {
  /** Who had the folder before, if that process ended without giving it back. */
  readonly killed: Owner | undefined;
  /**
   * Deletes what a start that was killed has left, and for a fresh start the data of earlier runs. To be called when this start
   * can no longer be refused.
   * @throws {Error} that names what may be somebody else's; then nothing was deleted
   */
  prepare(): void;
  /** Stores the URL of this process, for processes that find the folder locked. */
  announce(url: string): void;
  release(): void;
};

type Options = {
  readonly folder: string;
  readonly stored: StoredNames;
  /** Deletes the data of earlier runs: what is stored, and nothing else. */
  readonly fresh: boolean;
};

/**
 * Locks the data folder for this process, and changes nothing else in it.
 * @throws {Error} that says who uses it, or why it cannot be written to
 */
export function openDataFolder({ folder, stored, fresh }: Options): DataFolder {
  requireWritable(folder, stored);
  const lock = lockDataFolder(folder);
  if ('owner' in lock) throw new Error(inUse(folder, lock.owner, fresh));
  return { ...lock, prepare: () => prepare(folder, stored, fresh) };
}

const remedy = 'Use another folder: npm start -- --data <folder>';

function inUse(folder: string, owner: Owner | undefined, fresh: boolean): string {
  const who = owner
    ? `by the local stack ${owner.url ? `at ${owner.url}` : 'that is starting'} (process ${owner.pid})`
    : 'by another process';
  const rest = fresh ? ', so nothing was deleted' : '';
  return `${folder} is in use ${who}${rest}. Stop it, or use another folder and port: npm start -- --data <folder> --port 0`;
}

const lockName = 'lock';
const ownerName = 'running.json';
const markerName = 'data-folder.txt';

// A run as another user may have left files that this one cannot change.
function requireWritable(folder: string, { folders, files }: StoredNames): void {
  requireWritableFolder(folder, remedy);
  for (const path of folders.map((name) => join(folder, name)).filter(existsSync)) {
    if (!isFolder(path)) throw cannotWrite(path, 'it is not a folder', remedy);
    requireWritableFolder(path, remedy);
  }
  for (const name of [lockName, ownerName, markerName, ...files])
    requireWritableFile(join(folder, name), remedy);
}

/**
 * Deletes what a fresh start does not want. `--data` may name any folder: only what is added beside the marker is this
 * program's own, and the marker is written only when no name of the stored data is there. Drafts are deleted only if the
 * marker was there before.
 */
function prepare(folder: string, { folders, files, drafts }: StoredNames, fresh: boolean): void {
  const marker = join(folder, markerName);
  const names = [...folders, ...files].filter((name) => existsSync(join(folder, name)));
  if (!existsSync(marker)) {
    if (names.length === 0) writeFileSync(marker, markerText);
    else if (fresh) throw new Error(perhapsForeign(folder, names));
    return;
  }
  const left = readdirSync(folder).filter((name) => drafts.test(name));
  for (const name of fresh ? [...names, ...left] : left)
    rmSync(join(folder, name), { recursive: true, force: true });
}

const perhapsForeign = (folder: string, names: readonly string[]): string =>
  `It is not certain that the local stack has made all of ${folder}, so nothing was deleted: \`data-folder.txt\`, which this version writes, is not there. If it has, delete ${names.map((name) => join(folder, name)).join(', ')}; or use another folder: npm start -- --data <folder>`;

const markerText =
  'The local stack has made what lies beside this file, so `npm start -- --fresh` may delete it.\n';

/**
 * Locks a data folder for this process, or returns who has locked it.
 *
 * The lock is the exclusive lock of SQLite on an empty file, so the operating system holds it and ends it
 * with the process: nothing is left of it after `kill -9` or a reboot, and no process id has to be believed.
 * A lock that is a file or a folder has to guess from its age or its process id whether its owner is alive.
 */
function lockDataFolder(
  folder: string,
): Omit<DataFolder, 'prepare'> | { readonly owner: Owner | undefined } {
  const ownerFile = join(folder, ownerName);
  const lockFile = join(folder, lockName);
  const database = new DatabaseSync(lockFile);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (thrown) {
    database.close();
    if (isSqliteError(thrown, SQLITE_BUSY)) return { owner: readOwner(ownerFile) };
    if (!isSqliteError(thrown, SQLITE_NOTADB)) throw thrown;
    throw new Error(`${lockFile} is a file of somebody else. ${remedy}`, { cause: thrown });
  }
  const killed = readOwner(ownerFile);
  writeJsonFile(ownerFile, { pid: process.pid });
  return {
    killed,
    announce: (url) => writeJsonFile(ownerFile, { pid: process.pid, url }),
    release() {
      rmSync(ownerFile, { force: true });
      database.close();
    },
  };
}

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

const isSqliteError = (thrown: unknown, code: number): boolean =>
  thrown instanceof Error && 'errcode' in thrown && thrown.errcode === code;

function readOwner(file: string): Owner | undefined {
  try {
    return Owner.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined; // it is for a sentence only
  }
}
