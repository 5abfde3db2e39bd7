import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { previousRelease } from '../faults/release.ts';

// From which release test/faults/upgrade.test.ts upgrades. If none is found, that whole test is skipped.

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-release-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

const git = (directory: string, ...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
    cwd: directory,
    stdio: 'ignore',
  });

/** A repository with a commit for each of these tags; an empty one is a commit without a tag. */
function repository(...tags: readonly string[]): string {
  const directory = temporaryDirectory();
  git(directory, 'init');
  for (const tag of tags) {
    git(directory, 'commit', '--allow-empty', '--message', 'work');
    if (tag !== '') git(directory, 'tag', tag);
  }
  return directory;
}

const hasGit = spawnSync('git', ['--version']).status === 0;
if (!hasGit) process.stdout.write('Skipped: the previous release. git is not installed\n');

const none = { noneBecause: 'There is no release before this commit' };

test.runIf(hasGit).each([
  ['the newest one before the commit', ['v0.1.0', 'v0.2.0', 'tested', ''], { tag: 'v0.2.0' }],
  ['the one before, on a commit that is a release itself', ['v0.1.0', 'v0.2.0'], { tag: 'v0.1.0' }],
  ['none, when only the commit is a release', ['', 'v0.1.0'], none],
  ['none, without tags', ['', ''], none],
  ['none, on the first commit', [''], none],
])('the previous release is %s', (_, tags, expected) => {
  expect(previousRelease(repository(...tags))).toEqual(expected);
});

test.runIf(hasGit)('outside of a checkout there is none, and the reason is another one', () => {
  expect(previousRelease(temporaryDirectory())).toEqual({
    noneBecause: 'This is no checkout of git',
  });
});

test.runIf(hasGit)('in a shallow clone none can be seen, and the reason says how', () => {
  const clone = join(temporaryDirectory(), 'clone');
  const origin = pathToFileURL(repository('v0.1.0', '')).href;
  git(tmpdir(), 'clone', '--depth', '1', origin, clone);

  expect(previousRelease(clone)).toEqual({
    noneBecause: 'This clone is shallow: git fetch --unshallow --tags',
  });
});

test('the workflow of the repository fetches all tags', () => {
  expect(readFileSync('.github/workflows/check.yml', 'utf8')).toContain('fetch-depth: 0');
});
