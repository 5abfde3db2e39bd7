import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { startLocalStack } from '../cli/local-stack.ts';
import { serveImages } from '../test/flow/receiver.ts';
import { printTable } from './print-table.ts';
import { residentMb, watchPeak } from './resident-memory.ts';

// How much memory `npm start` takes: the resident memory of its process and of all processes that it starts.

const root = fileURLToPath(new URL('..', import.meta.url));
/** How many tasks the soak has, and how many of them are active at a time. */
const soakTasks = Number(process.env['BENCH_SOAK_TASKS'] ?? '1000');
const soakConcurrency = Number(process.env['BENCH_SOAK_CONCURRENCY'] ?? '50');
/** Thumbnails: on, the default of `npm start`, or `off`. */
const startFlags = process.env['BENCH_THUMBNAILS'] === 'off' ? ['--no-thumbnails'] : [];
const minuteMs = 60_000;
/** How long the start may take, which is not measured here. */
const startMs = 600_000;
/** How often a request is sent at most, because the local stack may have more to do than the machine can. */
const attempts = 30;

type Api = {
  readonly url: string;
  readonly apiKey: string;
  readonly adminKey?: string | undefined;
};
const Task = z.object({ id: z.string(), status: z.string() });

/** Measures and prints; returns the rows. */
export async function benchLocal(): Promise<readonly object[]> {
  const images = await serveImages({ '/sample.jpg': readFileSync(`${root}cli/sample.jpg`) });
  const stack = startLocalStack({
    command: [process.execPath, 'local/start.ts', ...startFlags],
    cwd: root,
    startMs,
  });
  try {
    const api = await Promise.race([stack.ready, stack.died]);
    return await Promise.race([measure(api, `${images.url}/sample.jpg`), stack.died]);
  } finally {
    await stack.stop();
    await images.close();
  }
}

type Row = {
  readonly moment: string;
  readonly 'resident MB': number;
  /** The most since the row before. */
  readonly 'peak MB': number;
  /** How long it took since the row before. */
  readonly seconds: number;
};

async function measure(api: Api, imageUrl: string): Promise<readonly object[]> {
  const rows: Row[] = [];
  let peak = watchPeak();
  let since = performance.now();
  const note = (moment: string) => {
    const seconds = Math.round((performance.now() - since) / 1000);
    const row = { moment, 'resident MB': residentMb(), 'peak MB': peak(), seconds };
    rows.push(row);
    // Each row is printed at once, because all together take a quarter of an hour.
    process.stdout.write(`${moment}: ${row['resident MB']} MB, peak ${row['peak MB']} MB\n`);
    peak = watchPeak();
    since = performance.now();
  };
  await raiseLimits(api);
  note('started');
  await runTask(api, imageUrl);
  await sleep(minuteMs);
  note('a minute after the first task');
  await runTasks(api, imageUrl, { count: 50, concurrency: 10 });
  note('after 50 tasks, 10 at a time');
  await runTasks(api, imageUrl, { count: soakTasks, concurrency: soakConcurrency });
  note(`after ${soakTasks} tasks, ${soakConcurrency} at a time`);
  peak();
  printTable('Memory of the local stack', rows);
  return rows;
}

type Load = { readonly count: number; readonly concurrency: number };

/** Runs tasks: one starts when an earlier one has ended. */
async function runTasks(api: Api, imageUrl: string, { count, concurrency }: Load): Promise<void> {
  const numbers = Array(count).keys();
  let ended = 0;
  const work = async () => {
    for (const _ of numbers) {
      await runTask(api, imageUrl);
      ended += 1;
      if (ended % 50 === 0) process.stdout.write(`  ${ended} tasks, ${residentMb()} MB\n`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

async function runTask(api: Api, imageUrl: string): Promise<void> {
  const request = { prompt: 'A sketch', size: '768x768', image_urls: [imageUrl] };
  const { id } = Task.parse(await call(api, 'POST', '/v1/images/generations', request));
  for (;;) {
    const { status } = Task.parse(await call(api, 'GET', `/v1/tasks/${id}`));
    if (status === 'completed') return;
    if (status === 'failed') throw new Error(`The task ${id} has failed`);
    await sleep(1000);
  }
}

async function raiseLimits(api: Api): Promise<void> {
  const admin = { ...api, apiKey: api.adminKey ?? '' };
  const limits = { requests_per_minute: 100_000, tasks_in_flight: 100_000 };
  await call(admin, 'PATCH', '/v1/admin/accounts/default', { limits });
  await call(admin, 'POST', '/v1/admin/accounts/default/credits', { credits: 1_000_000 });
}

/** Sends a request, and repeats it with the same idempotency key when there is no good response. */
async function call(
  { url, apiKey }: Api,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const headers = {
    authorization: `Bearer ${apiKey}`,
    'content-type': 'application/json',
    'idempotency-key': `bench-${randomUUID()}`,
  };
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(new URL(path, url), {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    }).catch(() => undefined);
    const text = await response?.text().catch(() => undefined);
    if (response?.ok && text !== undefined) return JSON.parse(text);
    if ((response && response.status < 500) || attempt === attempts)
      throw new Error(`${method} ${path} was refused: ${response?.status} ${text}`);
    await sleep(1000);
  }
}
