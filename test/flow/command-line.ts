import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runScript, script } from '../cli/run-script.ts';
import type { TestStack } from './open-stack.ts';

type Options = Parameters<typeof runScript>[2];

/** The `darkroom` command as a process in a folder of its own, which calls the stack with the key of its account. */
export async function commandLine(stack: TestStack, key = stack.keys.apiKey) {
  const directory = await mkdtemp(join(tmpdir(), 'darkroom-cli-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const env = {
    DARKROOM_URL: stack.url,
    DARKROOM_KEY: key,
    XDG_CONFIG_HOME: join(directory, 'config'),
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
  };
  const run = (args: readonly string[], options: Options = {}) =>
    runScript(script('darkroom.js'), args, {
      cwd: directory,
      watch: options.watch ?? (() => undefined),
      onStart: options.onStart ?? (() => undefined),
      env: Object.assign({}, env, options.env),
    });
  return {
    directory,
    env,
    write: async (name: string, bytes: Uint8Array | string) => {
      await writeFile(join(directory, name), bytes);
      return name;
    },
    saved: async (folder = 'out') => (await readdir(join(directory, folder))).sort(),
    run,
    /** Runs it with --json and returns what it printed. @throws {Error} with what it said when it fails */
    json: async (args: readonly string[]) => {
      const { code, stdout, stderr } = await run([...args, '--json']);
      if (code !== 0) throw new Error(`darkroom ${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
  };
}
