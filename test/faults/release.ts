import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Releases are the tags `v0.1.0`, `v0.2.0`, … */
const releaseTags = 'v[0-9]*';

/** The newest release before this commit; undefined when there is none, or this is no checkout with its history. */
export function previousRelease(): string | undefined {
  try {
    return git('describe', '--tags', '--abbrev=0', '--match', releaseTags, 'HEAD^').trim();
  } catch {
    return undefined;
  }
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

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
