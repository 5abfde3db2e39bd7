import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The file of the command line with this name. */
export const script = (name: string): string =>
  fileURLToPath(new URL(`../../cli/${name}`, import.meta.url));

type Options = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sees what was written to stderr so far, each time there is more. */
  readonly watch?: (stderr: string, child: ChildProcess) => void;
};

/** Runs a script as a process of its own, in an environment of its own, to its end. */
export async function runScript(
  path: string,
  args: readonly string[],
  { cwd = process.cwd(), env = {}, watch = () => {} }: Options = {},
) {
  const child = spawn(process.execPath, [path, ...args], { cwd, env: { ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    said.stdout += text;
  });
  child.stderr.on('data', (text) => {
    said.stderr += text;
    watch(said.stderr, child);
  });
  const [code] = await once(child, 'close');
  return { code, ...said };
}
