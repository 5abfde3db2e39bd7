import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod';
import { functionsOf } from '../local/aws/template/read-functions.ts';
import { synthesise } from '../local/synthesise.ts';
import { firstMessage, startChild } from './child-process.ts';
import { printTable } from './print-table.ts';
import { contextOf, functionOf } from './synthesised-stack.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

// How many requests per second the handlers that create and read a task can serve, and how much CPU time
// each request takes. The bundles are called with events, without API Gateway; the services they call run
// in another process.

const seconds = process.env['BENCH_SECONDS'] ?? '8';
const callers = '32';
const credentials = { AWS_ACCESS_KEY_ID: 'AKIABENCH', AWS_SECRET_ACCESS_KEY: 'secret' };

const Endpoints = z.record(z.string(), z.string());
const Rows = z.array(z.record(z.string(), z.union([z.string(), z.number()])));

/** Measures and prints; returns the rows. */
export const benchThroughput = (): Promise<readonly object[]> => withTemporaryDirectory(measure);

async function measure(directory: string): Promise<readonly object[]> {
  const children: ChildProcess[] = [];
  const start = (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => {
    const child = startChild(file, args, { ...env, ...credentials, AWS_REGION: 'us-east-1' });
    children.push(child);
    return firstMessage(child);
  };
  try {
    await synthesise(directory);
    const functions = functionsOf(contextOf(directory));
    const [create, get] = ['api/create-task', 'api/get-task'].map((entry) =>
      functionOf(functions, entry),
    );
    const endpoints = Endpoints.parse(
      await start('throughput-services.ts', [directory, callers], {}),
    );
    const files = [create, get].map((code) => join(code?.directory ?? '', 'index.cjs'));
    const environment = { ...create?.environment, ...get?.environment, ...endpoints };
    const rows = Rows.parse(await start('throughput-client.ts', [...files, seconds], environment));
    printTable('Requests in the handler alone', rows);
    return rows;
  } finally {
    for (const child of children) child.kill();
  }
}
