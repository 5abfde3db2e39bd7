import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FirstKeys, firstKeys } from './first-keys.ts';
import { type Laptop, startLaptop } from './laptop.ts';
import { synthesise } from './synthesise.ts';

const { values: said } = parseArgs({
  options: {
    port: { type: 'string', default: '3000' },
    fresh: { type: 'boolean', default: false },
    data: { type: 'string', default: '.local' },
    'ready-file': { type: 'string' },
    quiet: { type: 'boolean', default: false },
  },
});
const tell = (text: string) => said.quiet || process.stdout.write(`${text}\n`);

// Before the first await, so that Ctrl-C is heard from the beginning.
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

try {
  await run(stopping.signal);
} catch (error) {
  if (stopping.signal.aborted) process.exit(0);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function run(stop: AbortSignal): Promise<void> {
  const data = said.data;
  if (said.fresh) rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  tell('Synthesising the stack …');
  const outdir = join(data, 'cdk.out');
  await synthesise(outdir, stop);
  const laptop = await startLaptop({ outdir, dataDir: data, port: portOf(said.port) });
  try {
    const keys = await firstKeys(laptop, join(data, 'keys.json'));
    const file = said['ready-file'] ?? join(data, 'ready.json');
    writeReady(file, laptop, keys);
    tell(greeting(laptop, keys));
    if (!stop.aborted) await once(stop, 'abort');
    rmSync(file, { force: true });
  } finally {
    await laptop.close();
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`--port must be a number from 0 to 65535, not "${text}".`);
}

function writeReady(file: string, { url, painter }: Laptop, { apiKey, adminKey }: FirstKeys): void {
  mkdirSync(dirname(file), { recursive: true });
  const ready = { url, apiKey, adminKey, painter: painter.url };
  writeFileSync(file, `${JSON.stringify(ready, undefined, 2)}\n`, { mode: 0o600 });
}

function greeting({ url, painter }: Laptop, { apiKey }: FirstKeys): string {
  return `
Darkroom is ready: ${url}
  API key   ${apiKey}
  painter   ${painter.url}/control

Try it:
  curl -s ${url}/v1/images/generations \\
    -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\
    -d '{"prompt": "Replace the background with a starry sky", "image_urls": ["${painter.url}/sample.jpg"]}'

Ctrl-C stops it.`;
}
