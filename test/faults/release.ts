import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Releases are the tags `v0.1.0`, `v0.2.0`, … */
const releaseTags = 'v[0-9]*';

/** The newest release before a commit, or why there is none to upgrade from. */
type PreviousRelease = { readonly tag: string } | { readonly noneBecause: string };

/** The newest release before the commit that is checked out. A shallow clone has neither tags nor the commit before. */
export function previousRelease(directory = '.'): PreviousRelease {
  const isShallow = git(directory, 'rev-parse', '--is-shallow-repository');
  if (isShallow === undefined) return { noneBecause: 'This is no checkout of git' };
  if (isShallow === 'true') {
    return { noneBecause: 'This clone is shallow: git fetch --unshallow --tags' };
  }
  const tag = git(
    directory,
    ...['describe', '--tags', '--abbrev=0', '--match', releaseTags, 'HEAD^'],
  );
  return tag === undefined ? { noneBecause: 'There is no release before this commit' } : { tag };
}

/**
 * Synthesises the local stack of a release, with the packages that are installed now.
 * @returns the directory of the synthesis; `remove` deletes it
 */
export async function synthesiseRelease(tag: string) {
  mkdirSync('.local', { recursive: true });
  // Inside of the project, since it is a project itself: a link to the packages is enough.
  const directory = mkdtempSync(resolve('.local/release-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    const archive = execFileSync('git', ['archive', tag], { maxBuffer: 512 * 1024 * 1024 });
    execFileSync('tar', ['-x', '-C', directory], { input: archive });
    symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
    const outdir = join(directory, 'cdk.out');
    const { synthesise } = await import(pathToFileURL(join(directory, 'local/synthesise.ts')).href);
    await synthesise(outdir);
    return { outdir, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** What git prints; undefined when it fails. */
function git(cwd: string, ...args: readonly string[]): string | undefined {
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: [...stdio] }).trim();
  } catch {
    return undefined;
  }
}
