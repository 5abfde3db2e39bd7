import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from './cli-error.ts';
import { type Ready, readyIn } from './connection.ts';
import { lastWords } from './last-words.ts';

type LocalRuntime = {
  /** Where it is, once it can be used. */
  readonly ready: Promise<Ready>;
  /** Rejects when it ends. */
  readonly died: Promise<never>;
  /** Ends it, and takes everything it left with it. */
  stop(): Promise<void>;
};

export type Command = readonly [program: string, ...rest: string[]];

type Options = {
  readonly command: Command;
  readonly cwd: string;
  /** How long it may take until it can be used. */
  readonly startMs?: number;
  /** How long it may take to stop when it is asked to. */
  readonly stopMs?: number;
};

/** Starts a local runtime of its own, with a directory that goes with it. */
export function startLocalRuntime(options: Options): LocalRuntime {
  const { command, cwd, startMs = 120_000, stopMs = 30_000 } = options;
  const [program, ...rest] = command;
  const home = mkdtempSync(join(tmpdir(), 'darkroom-'));
  const readyFile = join(home, 'ready.json');
  const places = ['--ready-file', readyFile, '--data', join(home, 'data'), '--port', '0'];
  const child = spawn(program, [...rest, ...places, '--quiet'], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const died = deathOf(child);
  const ready = becomeReady(readyFile, startMs, died);
  // Nobody listens to these when it was stopped in time.
  for (const promise of [died, ready]) promise.catch(() => undefined);
  // Should this process crash, the child must not stay behind.
  const kill = () => child.kill();
  process.once('exit', kill);

  const stop = async () => {
    child.kill('SIGTERM');
    const overdue = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await died.catch(() => clearTimeout(overdue));
    process.off('exit', kill);
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  };
  return { ready, died, stop };
}

async function deathOf(child: ChildProcessByStdio<null, null, Readable>): Promise<never> {
  const said = lastWords(child.stderr);
  const [code, signal] = await once(child, 'close').catch((thrown: unknown) => {
    throw new CliError(`The local runtime did not start: ${String(thrown)}`, { cause: thrown });
  });
  throw new CliError(`The local runtime stopped: ${said() ?? signal ?? `exit code ${code}`}`);
}

async function becomeReady(file: string, startMs: number, died: Promise<never>): Promise<Ready> {
  const until = Date.now() + startMs;
  while (Date.now() < until) {
    const ready = readyIn(await readFile(file, 'utf8').catch(() => ''));
    if (ready) return ready;
    await Promise.race([sleep(100), died]);
  }
  throw new CliError(`The local runtime was not ready after ${startMs / 1000} seconds`);
}
