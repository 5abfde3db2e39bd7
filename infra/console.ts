import { createHash, randomUUID } from 'node:crypto';
import {
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a build reads: the sources, the pages that it shows as well, this file, and the versions of all packages. */
export const consoleSources = [
  'console/**/*',
  'README.md',
  'docs/{calling,errors,runbook}.md',
  'infra/console.ts',
  'package-lock.json',
];

/**
 * Writes the built console into `outdir`: the page, its scripts and styles with a hash in their names, and each of them
 * compressed. A build of the same sources is kept in `cache`, so that only a change of the console costs a build.
 */
export async function buildConsole(
  outdir: string,
  cache = join(root, '.local/cache/console'),
): Promise<void> {
  const cached = join(cache, digestOfSources());
  if (await copyFromCache(cached, outdir)) return;
  await runVite(outdir);
  await compressAll(outdir);
  await addToCache(cache, cached, outdir);
}

/**
 * Returns whether the build was there and could be read. `cpSync` is no choice: what it cannot read, like a folder of
 * another user, ends the process.
 */
const copyFromCache = (cached: string, outdir: string): Promise<boolean> =>
  cp(cached, outdir, { recursive: true }).then(
    () => true,
    () => false,
  );

async function runVite(outDir: string): Promise<void> {
  // Loaded only for a build: it takes half a second.
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: join(root, 'console'),
    base: '/console/',
    logLevel: 'warn',
    mode: 'production',
    // The sources are written as React, and run on Preact, which is a sixth of its size: docs/decisions/055.
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2023',
      modulePreload: { polyfill: false },
      rolldownOptions: {
        // On a busy machine every plugin is slow, so a warning about it tells nobody anything.
        checks: { bundlerTimings: false },
        onLog(level, log, print) {
          // Some packages have directives for server components, which mean nothing here.
          if (log.code !== 'MODULE_LEVEL_DIRECTIVE') print(level, log);
        },
      },
      assetsInlineLimit: 0, // the page's policy allows no `data:`
      cssMinify: true,
    },
  });
}

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);
const compressible = /\.(html|js|css|svg)$/;

async function compressAll(directory: string): Promise<void> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    compressible.test(name),
  );
  await Promise.all(
    files.map(async (name) => {
      const file = join(directory, name);
      const bytes = readFileSync(file);
      const parameters = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
      writeFileSync(`${file}.br`, await brotli(bytes, { params: parameters }));
      writeFileSync(`${file}.gz`, await zip(bytes, { level: 9 }));
    }),
  );
}

function digestOfSources(): string {
  const hash = createHash('sha256').update(process.version);
  for (const name of globSync(consoleSources, { cwd: root }).toSorted()) {
    const path = join(root, name);
    if (!statSync(path).isFile()) continue;
    const content = readFileSync(path);
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 32);
}

/** When the cache cannot be written to, the next start builds again. Another process may add the same build meanwhile. */
async function addToCache(cache: string, cached: string, built: string): Promise<void> {
  try {
    mkdirSync(cache, { recursive: true });
    // Not by `mkdtemp`, whose folders only their user can read: others may use the cache.
    const copy = `${cached}-${randomUUID()}`;
    await cp(built, copy, { recursive: true });
    renameSync(copy, cached);
    deleteOld(cache, cached);
  } catch {
    // The build is in its output directory in any case.
  }
}

const maxCached = 4;

function deleteOld(cache: string, newest: string): void {
  const builds = readdirSync(cache)
    .map((name) => join(cache, name))
    .filter((path) => path !== newest)
    .map((path) => ({ path, at: statSync(path).mtimeMs }))
    .toSorted((a, b) => b.at - a.at);
  for (const { path } of builds.slice(maxCached - 1)) {
    // Renamed first, so that no other process copies a build that is half deleted.
    const deleted = `${path}-${randomUUID()}`;
    renameSync(path, deleted);
    rmSync(deleted, { recursive: true });
  }
}
