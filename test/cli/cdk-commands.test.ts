import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runScript } from './run-script.ts';

// Checks the commands of the CDK CLI in the pages and in the remedies of the doctor against the installed CLI.

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
  test('undoes manual changes only with an option, so the pages give that option', () => {
    expect([...(optionsByCommand.get('deploy') ?? [])]).toContain('--revert-drift');
    expect([...optionsByCommand.keys()]).toContain('drift');
  });

  test.each([...optionsByCommand])(
    '%s has the options that the pages give',
    async (name, given) => {
      const { stdout } = await cdk(name, '--help');

      // For an unknown command the CLI prints the help of all commands.
      expect(stdout).toMatch(new RegExp(`^cdk ${name}\\b`));
      const known = new Set(stdout.match(/(?<![\w-])--?[a-z][\w-]*/g));
      expect([...given].filter((option) => !known.has(option))).toEqual([]);
    },
  );
});
