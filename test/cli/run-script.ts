import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The path of a file in `cli/`. */
export const script = (name: string): string =>
  fileURLToPath(new URL(`../../cli/${name}`, import.meta.url));

type Options = {
  /** The Node that runs the script, if not the one of this process. */
  readonly node?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with everything on stderr so far, each time there is more. */
  readonly watch?: (stderr: string, child: ChildProcess) => void;
  readonly onStart?: (child: ChildProcess) => void;
};

/** The folder for Node's compiled code, so that not every process compiles the same files again. */
const compileCache = fileURLToPath(new URL('../../.local/cache/compiled', import.meta.url));

/** Runs a script as a process with only these environment variables, and a compile cache, until it ends. */
export async function runScript(
  path: string,
  args: readonly string[],
  {
    node = process.execPath,
    cwd = process.cwd(),
    env = {},
    watch = () => {},
    onStart = () => {},
  }: Options = {},
) {
  const child = spawn(node, [path, ...args], {
    cwd,
    env: { NODE_COMPILE_CACHE: compileCache, ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  onStart(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    output.stdout += text;
  });
  child.stderr.on('data', (text) => {
    output.stderr += text;
    watch(output.stderr, child);
  });
  const [code] = await once(child, 'close');
  return { code, ...output };
}
