import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a synthesis reads: the app, the code that it bundles, and the versions of both. */
const sources = [
  'infra/**/*.ts',
  'functions/**/*.ts',
  'docs/openapi.json',
  'cdk.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'local/synthesise.ts',
];

/**
 * Runs a synthesis, unless `outdir` holds the one of exactly these sources. A synthesis that is ended early leaves
 * `outdir` as it was.
 * @param synthesise writes what it makes into the directory that it gets
 * @param project the directory of the sources
 * @returns whether it ran
 */
export async function synthesiseIfChanged(
  outdir: string,
  synthesise: (directory: string) => Promise<void>,
  project: string = root,
): Promise<boolean> {
  const digest = digestOf(project);
  if (isOf(outdir, digest)) return false;
  const directory = mkdtempSync(`${outdir}-`);
  try {
    await synthesise(directory);
    writeFileSync(join(directory, digestFile), digest);
    rmSync(outdir, { recursive: true, force: true });
    renameSync(directory, outdir);
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

// Of the contents and not of the times: a checkout gives unchanged files new times.
function digestOf(project: string): string {
  const hash = createHash('sha256').update(process.version);
  for (const name of globSync(sources, { cwd: project }).toSorted()) {
    const content = readFileSync(join(project, name));
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
