import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { darkroomContext } from './darkroom-context.ts';

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0;

const scriptFor = async (shell: string) => {
  const { directory, runInProcess } = await darkroomContext();
  const { code, printed } = await runInProcess(['completion', shell]);
  expect(code).toBe(0);
  const file = join(directory, 'completion');
  await writeFile(file, printed);
  return file;
};

for (const shell of ['bash', 'zsh', 'fish']) {
  if (!has(shell))
    process.stdout.write(`Skipped: the completion in ${shell}. There is none here.\n`);
}

describe('darkroom completion bash', () => {
  test.skipIf(!has('bash')).each([
    ['darkroom gen', 'generate'],
    ['darkroom keys l', 'limits list'],
    ['darkroom generate cat.jpg --neg', '--negative-prompt'],
    ['darkroom admin tasks --acc', '--account'],
    // `list` is a command elsewhere, but an argument here.
    ['darkroom generate list --meta', '--metadata'],
    ['darkroom nonsense --ver', '--version'],
  ])('completes %j with %j', async (line, expected) => {
    const file = await scriptFor('bash');
    const words = line.split(' ');
    const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _darkroom; echo "\${COMPREPLY[*]}"`;

    const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', file, ...words]);

    expect(stdout.trim().split(' ').sort().join(' ')).toBe(expected);
  });
});

describe('darkroom completion zsh', () => {
  test('has every command with its possible words', async () => {
    const { runInProcess } = await darkroomContext();

    const { printed } = await runInProcess(['completion', 'zsh']);

    expect(printed).toMatch(/^#compdef darkroom\n/);
    expect(printed).toMatch(/" keys"\) candidates=\(create list .*--help\) ;;/);
    expect(printed).toMatch(/" accounts limits"\) candidates=\(.*--tasks-in-flight /);
  });

  test.skipIf(!has('zsh'))('is a script that zsh reads', async () => {
    await promisify(execFile)('zsh', ['-n', await scriptFor('zsh')]);
  });
});

describe('darkroom completion fish', () => {
  test('has a line for each command and option, with a description', async () => {
    const { runInProcess } = await darkroomContext();

    const { printed } = await runInProcess(['completion', 'fish']);

    expect(printed).toContain("-f -a generate -d 'generate pictures from one or two pictures");
    expect(printed).toMatch(
      /-n '__fish_seen_subcommand_from generate' -l negative-prompt -d '.+' -r\n/,
    );
  });

  test.skipIf(!has('fish'))('is a script that fish reads', async () => {
    await promisify(execFile)('fish', ['--no-execute', await scriptFor('fish')]);
  });
});

test('darkroom completion refuses other shells', async () => {
  const { runInProcess } = await darkroomContext();

  expect(await runInProcess(['completion', 'tcsh'])).toMatchObject({ code: 2 });
});

test('darkroom --version prints that of the package', async () => {
  const { runProcess } = await darkroomContext();

  expect(await runProcess(['--version'], {})).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
});
