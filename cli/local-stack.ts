import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalStack, parseReadyFile } from './api/connection.ts';
import { CliError } from './program/cli-error.ts';

type RunningStack = {
  /** Its address and keys, once it can be used. */
  readonly ready: Promise<LocalStack>;
  /** Rejects when the process ends. */
  readonly died: Promise<never>;
  /** Ends the process and removes its directory. */
  stop(): Promise<void>;
};

export type ProcessCommand = readonly [program: string, ...rest: string[]];

type Options = {
  readonly command: ProcessCommand;
  readonly cwd: string;
  /** How long it may take until it can be used. */
  readonly startMs?: number;
  /** How long it may take to stop after SIGTERM. */
  readonly stopMs?: number;
};

/** Starts a local stack as a process of its own, with a temporary directory for its data. */
export function startLocalStack(options: Options): RunningStack {
  const { command, cwd, startMs = 120_000, stopMs = 30_000 } = options;
  const [program, ...rest] = command;
  const home = mkdtempSync(join(tmpdir(), 'darkroom-'));
  const readyFile = join(home, 'ready.json');
  const flags = ['--ready-file', readyFile, '--data', join(home, 'data'), '--port', '0', '--quiet'];
  const child = spawn(program, [...rest, ...flags], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const died = rejectOnExit(child);
  const ready = waitUntilReady(readyFile, startMs, died);
  // After a stop nobody waits for these any more: their rejections must not count as unhandled.
  for (const promise of [died, ready]) promise.catch(() => undefined);
  // If this process crashes, the child must not stay behind.
  const kill = () => child.kill();
  process.once('exit', kill);

  const stop = async () => {
    child.kill('SIGTERM');
    const killTimer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await died.catch(() => clearTimeout(killTimer));
    process.off('exit', kill);
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  };
  return { ready, died, stop };
}

async function rejectOnExit(child: ChildProcessByStdio<null, null, Readable>): Promise<never> {
  const lastLine = followLastLine(child.stderr);
  const [code, signal] = await once(child, 'close').catch((thrown: unknown) => {
    throw new CliError(`The local stack did not start: ${String(thrown)}`, { cause: thrown });
  });
  throw new CliError(`The local stack stopped: ${lastLine() ?? signal ?? `exit code ${code}`}`);
}

async function waitUntilReady(
  file: string,
  startMs: number,
  died: Promise<never>,
): Promise<LocalStack> {
  const deadline = Date.now() + startMs;
  while (Date.now() < deadline) {
    const stack = parseReadyFile(await readFile(file, 'utf8').catch(() => ''));
    if (stack) return stack;
    await Promise.race([sleep(100), died]);
  }
  throw new CliError(`The local stack was not ready after ${startMs / 1000} seconds`);
}

const maxTailLength = 8192;
// The stack trace and the other lines that Node prints around an error say less than the line of the error.
const noise = /^(\s|\}|Node\.js v|$)/;

/** Reads a stream and returns a function that gives the last line worth showing. */
function followLastLine(stream: Readable): () => string | undefined {
  let tail = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-maxTailLength);
  });
  return () => tail.split(/\r?\n/).findLast((line) => !noise.test(line));
}
