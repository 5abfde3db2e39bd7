import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { printTable } from './print-table.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

// How long `npm run demo` and `npm start` take right after the packages are installed: in a copy of the checkout, in
// which nothing has been synthesised or compiled before.

const root = fileURLToPath(new URL('..', import.meta.url));
/** Folders that are not copied. The copy links to `node_modules` instead. */
const notCopied = ['.git', '.local', 'cdk.out', 'coverage', 'node_modules', 'out'];
/** The last line that `npm start` prints when it is ready. */
const lastLine = 'Press Ctrl-C';

type StartTime = { readonly what: string; readonly seconds: string };

/** Measures and prints; returns the rows. */
export async function benchStartTimes(): Promise<readonly StartTime[]> {
  const rows = await measure();
  printTable('Starts of the local stack', rows);
  return rows;
}

const measure = (): Promise<readonly StartTime[]> =>
  withTemporaryDirectory(async (directory) => {
    const checkout = join(directory, 'darkroom');
    cpSync(root, checkout, {
      recursive: true,
      filter: (path) => !notCopied.includes(relative(root, path)) && !/node_modules$/.test(path),
    });
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'), 'junction');
    const rows: StartTime[] = [];
    const time = async (what: string, act: () => Promise<unknown>) => {
      const started = performance.now();
      await act();
      rows.push({ what, seconds: ((performance.now() - started) / 1000).toFixed(1) });
    };
    await time('npm run demo, the first one', () => runDemo(checkout));
    await time('npm run demo, once more', () => runDemo(checkout));
    for (const what of ['npm start, the first one', 'npm start, the second one']) {
      const child = npm(checkout, 'start', '--', '--port=0');
      try {
        await time(what, () => untilReady(child));
      } finally {
        await interrupt(child);
      }
    }
    return rows;
  });

type Npm = ChildProcessByStdio<null, Readable, null>;

/** Starts npm in its own process group, as a shell does. */
const npm = (cwd: string, ...args: readonly string[]): Npm =>
  spawn('npm', args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });

async function runDemo(checkout: string): Promise<void> {
  const child = npm(checkout, 'run', 'demo');
  child.stdout.resume();
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`The demo ended with ${code}`);
}

/** Waits for the last line of what a start prints. */
async function untilReady(child: Npm): Promise<void> {
  let output = '';
  for await (const part of child.stdout.iterator({ destroyOnReturn: false })) {
    output += part;
    if (output.includes(lastLine)) return;
  }
  throw new Error(`npm start has ended: ${output}`);
}

/**
 * Sends Ctrl-C to npm and to all processes that it has started, as a terminal does. Waits until none of them can print
 * any more.
 */
async function interrupt(child: Npm): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const closed = once(child, 'close');
  child.stdout.resume();
  process.kill(-child.pid, 'SIGINT');
  await closed;
}
