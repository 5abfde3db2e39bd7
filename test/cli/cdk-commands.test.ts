import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runScript } from './run-script.ts';

// The commands of the CDK CLI that the pages and the remedies of the doctor give, against the CLI that is installed.

const sources = ['README.md', ...globSync('docs/*.md'), ...globSync('cli/**/*.ts')];
const optionsByCommand = new Map<string, Set<string>>();
for (const path of sources) {
  const text = readFileSync(path, 'utf8');
  for (const [, name = '', rest = ''] of text.matchAll(/npx cdk ([a-z]+)([^\n`'",;#]*)/g)) {
    const options = optionsByCommand.get(name) ?? new Set();
    optionsByCommand.set(name, options);
    for (const [option] of rest.matchAll(/(?<= )--?[a-z][\w-]*/g)) options.add(option);
  }
}

/** `npx cdk …`, without npx. */
const cdk = (...args: readonly string[]) => runScript('node_modules/aws-cdk/bin/cdk', args);

describe('npx cdk', () => {
  test('is told to undo what was changed by hand by an option: without it, it does nothing about that', () => {
    expect([...(optionsByCommand.get('deploy') ?? [])]).toContain('--revert-drift');
    expect([...optionsByCommand.keys()]).toContain('drift');
  });

  test.each([...optionsByCommand])(
    '%s has the options that are given to it',
    async (name, given) => {
      const { stdout } = await cdk(name, '--help');

      // Of an unknown command the help is that of all.
      expect(stdout).toMatch(new RegExp(`^cdk ${name}\\b`));
      const known = new Set(stdout.match(/(?<![\w-])--?[a-z][\w-]*/g));
      expect([...given].filter((option) => !known.has(option))).toEqual([]);
    },
  );
});
