import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { quantile } from './statistics.ts';
import { createEvent, getEvent } from './throughput-events.ts';

// A process of its own with only the bundles of two functions and the callers of their handlers.

const [createFile = '', getFile = '', seconds = '8'] = process.argv.slice(2);
const warmMs = 2000;
const maxConcurrency = 32;

const Success = z.object({ statusCode: z.literal(200), body: z.string() });
const Created = z.object({ id: z.string() });
type Handler = (event: object) => Promise<unknown>;
/** Sends one request as the n-th caller. */
type Request = (caller: number) => Promise<unknown>;

const [create, get] = [await handlerOf(createFile), await handlerOf(getFile)];
const ids = new Map<number, string>();
const requests: Readonly<Record<string, Request>> = {
  create: async (caller) => ids.set(caller, Created.parse(await create(createEvent(caller))).id),
  read: (caller) => get(getEvent(caller, ids.get(caller) ?? '')),
};

const rows = [];
for (const [name, request] of Object.entries(requests)) {
  for (const concurrency of [1, maxConcurrency]) {
    await run(request, concurrency, warmMs);
    rows.push({ request: name, concurrency, ...(await measure(request, concurrency)) });
  }
}
process.send?.(rows);
process.disconnect();

async function measure(request: Request, concurrency: number) {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const took = await run(request, concurrency, Number(seconds) * 1000);
  const { user, system } = process.cpuUsage(before);
  return {
    'requests/s': Math.round((1000 * took.length) / (performance.now() - start)),
    'CPU ms': ((user + system) / 1000 / took.length).toFixed(2),
    'p50 ms': quantile(took, 0.5).toFixed(1),
    'p95 ms': quantile(took, 0.95).toFixed(1),
  };
}

/** Sends requests for `ms` milliseconds; returns how many milliseconds each took. */
async function run(request: Request, concurrency: number, ms: number): Promise<readonly number[]> {
  const until = performance.now() + ms;
  const took: number[] = [];
  const call = async (caller: number) => {
    while (performance.now() < until) {
      const start = performance.now();
      await request(caller);
      took.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, caller) => call(caller)));
  return took;
}

async function handlerOf(file: string): Promise<Handler> {
  const { handler } = await import(pathToFileURL(file).href);
  return async (event) => JSON.parse(Success.parse(await handler(event)).body);
}
