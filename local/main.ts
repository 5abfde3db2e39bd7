import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { activityLog } from './activity-log.ts';
import { DamagedData, writeJsonFile } from './aws/json-file.ts';
import { openListener } from './aws/listener.ts';
import type { LocalKeys } from './local-keys.ts';
import type { LocalStack } from './local-stack.ts';
import { openDataFolder, type StoredNames } from './process/data-folder.ts';
import { unlessStopped, watchStopSignals } from './process/stop-signals.ts';
import { requireWritableFile, systemReason } from './process/writable.ts';

type Options = {
  readonly port: number;
  readonly data: string;
  readonly cache: string;
  readonly fresh?: boolean;
  readonly quiet?: boolean;
  readonly thumbnails: boolean;
  readonly readyFile?: string;
};

// Before anything else, so that Ctrl-C works from the beginning.
const { stop, exitCode } = watchStopSignals();
// Somebody who reads no further, like `head`, does not end the local stack.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);

const defaultData = '.local';

/** Everything that a local stack stores in its data folder. */
const stored: StoredNames = {
  folders: ['cdk.out', 'dynamodb', 'logs', 'mock-provider', 's3', 'secrets'],
  files: ['keys.json', 'ready.json'],
  drafts: /^(cdk\.out-\w{6}|\w+\.json\.new)$/,
};

await new Command('npm start --')
  .description('Runs Darkroom on this machine, until Ctrl-C.')
  .addOption(
    new Option('--port <number>', 'port of the API; 0 takes a free one')
      .default(3000)
      .argParser(parsePort),
  )
  .option('--data <folder>', 'where data, logs and keys are stored', defaultData)
  .option(
    '--cache <folder>',
    'where the synthesised stack is kept for starts with other data',
    '.local/cache',
  )
  .option('--fresh', 'delete the data of earlier runs first')
  .option('--no-thumbnails', 'make no thumbnails for the console: that takes a decoder')
  .option('--quiet', 'print nothing but errors')
  .option(
    '--ready-file <path>',
    'written when it is ready (default: ready.json in the data folder)',
  )
  .helpOption('--help', 'print this')
  .action(main)
  .parseAsync();

async function main(options: Options): Promise<void> {
  try {
    await run(options);
  } catch (error) {
    // A start that was stopped fails in one way or another.
    if (!stop.aborted) {
      process.stderr.write(`${sentenceOf(error, options)}\n`);
      process.exit(1);
    }
  }
  process.exit(exitCode());
}

function sentenceOf(error: unknown, { data, cache }: Options): string {
  if (!(error instanceof Error)) return String(error);
  const reason = systemReason(error);
  if (error instanceof DamagedData) {
    const outdir = resolve(data, 'cdk.out');
    return error.path.startsWith(outdir)
      ? `${error.message} Delete ${outdir} and ${resolve(cache)}, and start again.`
      : `${error.message} Start with new data: npm start -- --fresh${data === defaultData ? '' : ` --data ${JSON.stringify(data)}`}`;
  }
  if (reason === undefined || !('path' in error)) return error.message;
  return `Cannot use ${error.path}: ${reason}. Use another folder: npm start -- --data <folder>`;
}

async function run(options: Options) {
  const { port, data, cache, fresh = false, quiet = false, thumbnails, readyFile } = options;
  const print = (text: string) => quiet || stop.aborted || process.stdout.write(`${text}\n`);
  const dataDir = resolve(data);
  const file = resolve(readyFile ?? join(dataDir, 'ready.json'));
  const outdir = join(dataDir, 'cdk.out');

  await using opened = new AsyncDisposableStack();
  const lock = openDataFolder({ folder: data, stored, fresh });
  opened.defer(lock.release);
  requireWritableFile(file, 'Use another file: npm start -- --ready-file <path>');
  if (lock.killed)
    print(`The local stack before this one (process ${lock.killed.pid}) was killed.`);
  const listener = await openPort(port);
  opened.defer(listener.close);
  // From here on this start is not refused any more for another one, whose file and data these may be.
  lock.prepare();
  rmSync(file, { force: true });
  lock.announce(listener.url);

  // The slow modules are loaded only now, so that a start that must be refused is refused at once.
  const { synthesiseIfChanged } = await import('./synthesise.ts');
  const loading = Promise.all([import('./local-stack.ts'), import('./local-keys.ts')]);
  await synthesiseIfChanged({
    outdir,
    cache: join(cache, 'local'),
    thumbnails,
    signal: stop,
    onBegin: () => print('Synthesising the stack …'),
  });
  const [{ startLocalStack }, { issueConsoleLink, loadOrIssueKeys }] = await unlessStopped(
    stop,
    loading,
  );
  const activity = activityLog({ print });
  const stack = await startLocalStack({
    outdir,
    dataDir,
    listener,
    signal: stop,
    // A job is over by the first poll, which comes after two seconds.
    parameters: { TypicalSeconds: '3' },
    jobSeconds: 1.5,
    // A thumbnail is in no hurry, and its decoder takes the memory of four other sandboxes.
    ...(thumbnails && {
      limits: { maxSandboxes: 6, maxEventsPerFunction: 1, maxEventIdleMs: 2000 },
    }),
    ...(!quiet && { onRequest: activity.onRequest, onLog: activity.onLog }),
  });
  opened.defer(stack.close);
  const keys = await unlessStopped(stop, loadOrIssueKeys(stack, join(dataDir, 'keys.json')));
  opened.defer(() => rmSync(file, { force: true }));
  writeReady(file, stack, keys);
  print(greeting(stack, keys, await unlessStopped(stop, issueConsoleLink(stack))));
  if (!stop.aborted) await once(stop, 'abort');
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}

async function openPort(port: number) {
  try {
    return await openListener(port);
  } catch (cause) {
    throw new Error(`${whyClosed(cause, port)} A free port: npm start -- --port 0`, { cause });
  }
}

function whyClosed(cause: unknown, port: number): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') return `Port ${port} is taken.`;
  if (code === 'EACCES') return `Port ${port} is only for the administrator of this machine.`;
  return `Port ${port} cannot be used (${String(cause)}).`;
}

function writeReady(
  file: string,
  { url, mockProvider }: LocalStack,
  { apiKey, testKey, adminKey }: LocalKeys,
): void {
  writeJsonFile(file, {
    url,
    apiKey,
    testKey,
    adminKey,
    mockProvider: mockProvider.url,
    pid: process.pid,
  });
}

function greeting(
  { url, mockProvider }: LocalStack,
  { apiKey, testKey }: LocalKeys,
  consoleLink: string,
): string {
  return `
Darkroom is ready: ${url}
  API key         ${apiKey}
  test key        ${testKey}
  operator        ${consoleLink}
  mock provider   ${mockProvider.url}/control

Try it:
  curl -s ${url}/v1/images/generations \\
    -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\
    -d '{"prompt": "Replace the background with a starry sky", "image_urls": ["${mockProvider.url}/sample.jpg"]}'

Press Ctrl-C to stop it.`;
}
