import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { compileCacheOf } from './lambda/compile-cache.ts';

type Options = {
  /** Holds the synthesis afterwards. */
  readonly outdir: string;
  /** Holds syntheses of one stage, for any directory that needs one. Everything in it may be deleted at any time. */
  readonly cache: string;
  /** Writes a synthesis into the directory. */
  readonly synthesise: (directory: string) => Promise<void>;
  /** The directory of the sources. */
  readonly project: string;
  /** What a synthesis reads, as patterns of paths: the app, the code that it bundles, and the versions of both. */
  readonly sources: readonly string[];
  /** The settings of the synthesis as a text, if one cache holds several syntheses of the same sources. */
  readonly variant?: string;
};

/**
 * Runs a synthesis, unless `outdir` or the cache already holds the one of exactly these sources. A synthesis that is
 * ended early leaves both as they were.
 * @returns whether it ran
 */
export async function cachedSynthesis({
  outdir,
  cache,
  synthesise,
  project,
  sources,
  variant = '',
}: Options): Promise<boolean> {
  const digest = digestOf(project, sources, variant);
  if (isOf(outdir, digest)) return false;
  // Not by `mkdtemp`, whose folders only their user can read: other users may have the cache as well.
  const directory = `${outdir}-${randomBytes(3).toString('hex')}`;
  mkdirSync(directory);
  const cached = resolve(cache, digest);
  try {
    const isCopied = copyFromCache(cached, directory);
    if (!isCopied) {
      await synthesise(directory);
      writeFileSync(join(directory, digestFile), digest);
      await addToCache(cache, cached, directory);
    }
    shareCompileCache(cached, directory);
    rmSync(outdir, { recursive: true, force: true });
    renameSync(directory, outdir);
    return !isCopied;
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    // Another process may have done the same meanwhile.
    if (!isOf(outdir, digest)) throw error;
  }
  return true;
}

const digestFile = 'sources.sha256';

const isOf = (outdir: string, digest: string): boolean => {
  const file = join(outdir, digestFile);
  return existsSync(file) && readFileSync(file, 'utf8') === digest;
};

// A digest of the contents and not of the times: a checkout gives unchanged files new times.
function digestOf(project: string, sources: readonly string[], variant: string): string {
  const hash = createHash('sha256').update(process.version).update(variant);
  for (const name of globSync(sources, { cwd: project }).toSorted()) {
    const content = readFileSync(join(project, name));
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** How many syntheses a cache keeps: those of the branches somebody works on. */
const maxCached = 4;

/** Returns whether `directory` has the synthesis now. If it is deleted meanwhile, `directory` is empty again. */
function copyFromCache(cached: string, directory: string): boolean {
  if (!existsSync(cached)) return false;
  try {
    cpSync(cached, directory, {
      recursive: true,
      filter: (path) => path !== compileCacheOf(cached),
    });
    const now = new Date();
    utimesSync(cached, now, now);
    return true;
  } catch {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    return false;
  }
}

/**
 * Lets all copies of a synthesis share one compile cache: a function that was loaded from one copy starts sooner from
 * every other. On a system without links each copy has a cache of its own.
 */
function shareCompileCache(cached: string, directory: string): void {
  const shared = compileCacheOf(cached);
  try {
    if (!existsSync(shared)) mkdirSync(shared);
    symlinkSync(shared, compileCacheOf(directory), 'junction');
  } catch {
    // Only time is lost.
  }
}

/**
 * Adds a synthesis, and deletes those that were not used for longest. Both happen by renaming, so no other process
 * finds half of one. A cache that cannot be written to only makes the next start slower.
 */
async function addToCache(cache: string, cached: string, directory: string): Promise<void> {
  try {
    mkdirSync(cache, { recursive: true });
    const copy = `${cached}-${randomUUID()}`;
    await cp(directory, copy, { recursive: true });
    renameUnlessThere(copy, cached);
    const entries = readdirSync(cache).map((name) => {
      const path = join(cache, name);
      return { path, usedAt: statSync(path).mtimeMs };
    });
    for (const { path } of entries.toSorted((a, b) => b.usedAt - a.usedAt).slice(maxCached)) {
      const deleted = `${path}-${randomUUID()}`;
      renameSync(path, deleted);
      rmSync(deleted, { recursive: true });
    }
  } catch {
    // The directory has the synthesis in any case.
  }
}

/** A directory that is not empty is not replaced: another process has added the same synthesis first. */
function renameUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    rmSync(from, { recursive: true, force: true });
  }
}
