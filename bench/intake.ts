import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { synthesise } from '../local/synthesise.ts';
import { functionsOf } from '../local/template/read-functions.ts';
import { contextOf, described } from './our-stack.ts';
import { printTable } from './print-table.ts';

// How many requests the handlers of creating and reading a task can take, and what of a processor each
// needs. The bundles are called with events, without API Gateway; what they speak to is another process.

const seconds = process.env['BENCH_SECONDS'] ?? '8';
const callers = '32';
const credentials = { AWS_ACCESS_KEY_ID: 'AKIABENCH', AWS_SECRET_ACCESS_KEY: 'secret' };

const Endpoints = z.record(z.string(), z.string());
const Rows = z.array(z.record(z.string(), z.union([z.string(), z.number()])));

/** Measures and prints; answers the rows. */
export async function benchIntake(): Promise<readonly object[]> {
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-bench-'));
  const children: ChildProcess[] = [];
  const start = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      env: { ...env, ...credentials, AWS_REGION: 'us-east-1' },
      // What the functions log goes where it costs the least.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.push(child);
    return said(child);
  };
  try {
    await synthesise(directory);
    const functions = functionsOf(contextOf(directory));
    const [create, get] = ['api/create-task', 'api/get-task'].map((entry) =>
      described(functions, entry),
    );
    const endpoints = Endpoints.parse(await start('intake-services.ts', [directory, callers], {}));
    const files = [create, get].map((code) => join(code?.directory ?? '', 'index.cjs'));
    const environment = { ...create?.environment, ...get?.environment, ...endpoints };
    const rows = Rows.parse(await start('intake-caller.ts', [...files, seconds], environment));
    printTable('Requests in the handler alone', rows);
    return rows;
  } finally {
    for (const child of children) child.kill();
    rmSync(directory, { recursive: true });
  }
}

/** The one thing a process has to say. @throws {Error} when it ends without */
async function said(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${child.spawnargs[1]} ended with ${code}`);
  });
  const [message] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
  return message;
}
