import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { synthesiseIfChanged } from '../../local/synthesise.ts';
import { temporaryDirectory } from './cli-context.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const startFile = fileURLToPath(new URL('../../local/start.ts', import.meta.url));

/** Arguments with a cache that has no synthesis, so that the start makes one. */
const emptyCache = async () => ['--cache', join(await temporaryDirectory(), 'cache')];

/** `npm start` with these arguments, as a process of its own. */
const start = (...args: readonly string[]) => startAs({}, ...args);

function startAs(user: User, ...args: readonly string[]) {
  const child = spawn(process.execPath, [startFile, ...args], {
    ...user,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return watch(child);
}

type User = { readonly uid?: number; readonly gid?: number };
/** A user other than the administrator, who may write everywhere. */
const ordinaryUser: User = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
/** An ordinary user cannot run a checkout below the administrator's home. And not every system has such permissions. */
const canRunAsOrdinaryUser =
  process.getuid !== undefined &&
  spawnSync(process.execPath, ['-e', 'fs.accessSync(process.argv[1])', startFile], ordinaryUser)
    .status === 0;
if (!canRunAsOrdinaryUser) {
  process.stdout.write(
    'Skipped: a data folder that is only for reading. An ordinary user cannot run this checkout\n',
  );
}

/** npm with these arguments, in a process group of its own, as a shell starts it. */
async function npm(...args: readonly string[]) {
  const temporary = await temporaryDirectory();
  const child = spawn('npm', args, {
    cwd: root,
    env: { ...process.env, TMPDIR: temporary, npm_config_update_notifier: 'false' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid ?? 0;
  const sendToGroup = (signal: 'SIGINT' | 'SIGKILL') => {
    try {
      process.kill(-pid, signal);
    } catch {
      // No process is left in the group.
    }
  };
  onTestFinished(() => sendToGroup('SIGKILL'));
  return { ...watch(child), temporary, sendToGroup };
}

/** Collects what a process prints, until it has ended. */
function watch(child: ChildProcessByStdio<null, Readable, Readable>) {
  const output = { stdout: '', stderr: '' };
  const prints = (text: string) =>
    waitFor(child, () => `${output.stdout}${output.stderr}`.includes(text));
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (part) => {
      output[name] += part;
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code ?? shellCode(signal),
    ...output,
  }));
  return { child, prints, ended };
}

/** The exit code that a shell shows for a process that was ended by a signal. */
const shellCode = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** Waits for output that makes the claim true. */
async function waitFor(
  { stdout, stderr }: ChildProcessByStdio<null, Readable, Readable>,
  isTrue: () => boolean,
): Promise<void> {
  while (!isTrue()) await Promise.race([once(stdout, 'data'), once(stderr, 'data')]);
}

const refused = (stderr: unknown) => ({ code: 1, stdout: '', stderr });

/** A data folder that does not exist yet, and a function that lists its entries later. */
async function dataFolder() {
  const folder = join(await temporaryDirectory(), 'data');
  return { folder, entries: async () => (await readdir(folder)).sort() };
}

describe('a start is refused with one sentence', () => {
  test('when the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { folder, entries } = await dataFolder();
    const ofAnother = join(await temporaryDirectory(), 'ready.json');
    await writeFile(ofAnother, '{}');
    await mkdir(folder);
    for (const name of ['data-folder.txt', 'keys.json']) await writeFile(join(folder, name), '{}');

    expect(
      await start('--port', `${port}`, '--data', folder, '--ready-file', ofAnother, '--fresh')
        .ended,
    ).toEqual(refused(`Port ${port} is taken. A free port: npm start -- --port 0\n`));
    expect(await entries()).toEqual(['data-folder.txt', 'keys.json', 'lock']);
    expect(existsSync(ofAnother)).toBe(true);
  });

  test.each(['x', '65536', '-1', '3.5'])('when the port is %s', async (port) => {
    expect(await start(`--port=${port}`).ended).toEqual(
      refused(
        `error: option '--port <number>' argument '${port}' is invalid. It must be a number from 0 to 65535.\n`,
      ),
    );
  });

  test('when the data folder cannot be written to', async () => {
    const { folder } = await dataFolder();
    await writeFile(folder, '');

    expect(await start('--data', folder).ended).toEqual(
      refused(
        `Cannot write to ${folder}: file already exists. Use another folder: npm start -- --data <folder>\n`,
      ),
    );
  });

  test('when its --ready-file cannot be written', async () => {
    const { folder } = await dataFolder();
    const inFile = join(startFile, 'ready.json');
    const unwritable = [
      [join(folder, '..'), 'it is a folder'],
      [inFile, 'file already exists'],
      ...(existsSync('/proc/self') ? [['/proc/nope/ready.json', 'no such file or directory']] : []),
    ];

    for (const [file = '', reason] of unwritable) {
      expect(await start('--data', folder, '--ready-file', file).ended).toEqual(
        refused(
          `Cannot write to ${file}: ${reason}. Use another file: npm start -- --ready-file <path>\n`,
        ),
      );
    }
  });

  test.runIf(canRunAsOrdinaryUser)('when the data folder is only for reading', async () => {
    const folder = await temporaryDirectory();
    await chmod(folder, 0o555);

    for (const data of [folder, join(folder, 'new')]) {
      expect(await startAs(ordinaryUser, '--data', data).ended).toEqual(
        refused(
          `Cannot write to ${data}: permission denied. Use another folder: npm start -- --data <folder>\n`,
        ),
      );
    }
    expect(await readdir(folder)).toEqual([]);
  });
});

test('--help lists the options', async () => {
  const { code, stdout } = await start('--help').ended;

  expect(code).toBe(0);
  for (const option of ['--port', '--data', '--fresh', '--no-thumbnails', '--quiet'])
    expect(stdout).toContain(option);
});

test('a stop during the synthesis ends it as well, and gives the data folder back', async () => {
  const { folder, entries } = await dataFolder();
  const { child, prints, ended } = start('--port=0', '--data', folder, ...(await emptyCache()));
  await prints('Synthesising');

  child.kill('SIGTERM');

  expect(await ended).toMatchObject({ code: 143, stderr: '' });
  expect(await entries()).toEqual(['data-folder.txt', 'lock']);
});

describe('a stop of a start that finds its synthesis', () => {
  // Makes the synthesis that the starts below find.
  beforeAll(async () => {
    const home = await mkdtemp(join(tmpdir(), 'darkroom-test-'));
    await synthesiseIfChanged({
      outdir: join(home, 'cdk.out'),
      cache: join(root, '.local/cache/local'),
      thumbnails: true,
    });
    await rm(home, { recursive: true });
  });

  const running = 'running.json';
  const isAnnounced = (folder: string) => ownerIn(folder).url !== undefined;
  const has = (name: string) => (folder: string) => existsSync(join(folder, name));

  test.each<[string, 'SIGINT' | 'SIGTERM', (folder: string) => boolean]>([
    ['as soon as the process runs', 'SIGINT', () => true],
    ['when it has locked its folder', 'SIGTERM', has(running)],
    ['when it has its port', 'SIGINT', isAnnounced],
    ['when it has copied the synthesis', 'SIGTERM', has('cdk.out')],
    ['when it starts its services', 'SIGINT', has('dynamodb')],
    ['when it has called its first function', 'SIGTERM', has('logs')],
    ['when it has issued its keys', 'SIGINT', has('keys.json')],
    ['as soon as it is ready', 'SIGTERM', has('ready.json')],
  ])('%s ends it with the code of %s, and nothing is left', async (_, signal, isMoment) => {
    const { folder, entries } = await dataFolder();
    const { child, ended } = start('--port=0', '--data', folder);
    while (!isMoment(folder)) {
      expect(child.exitCode).toBeNull();
      await sleep(1);
    }
    const { url } = ownerIn(folder);

    child.kill(signal);

    expect(await ended).toMatchObject({ code: shellCode(signal), stderr: '' });
    if (url) await expect(fetch(url)).rejects.toThrow();
    const left = existsSync(folder) ? await entries() : [];
    expect(left.filter((name) => /^(running|ready)\.json$|^cdk\.out-/.test(name))).toEqual([]);
  });
});

/** The owner of the folder, as far as it has been written. */
function ownerIn(folder: string): { readonly url?: string } {
  try {
    return JSON.parse(readFileSync(join(folder, 'running.json'), 'utf8'));
  } catch {
    return {};
  }
}

test('with --quiet a local stack prints neither that it is ready nor its requests', async () => {
  const { folder } = await dataFolder();
  const { child, ended } = start('--port=0', '--quiet', '--data', folder);
  await expect.poll(() => existsSync(join(folder, 'ready.json'))).toBe(true);
  const { url } = ownerIn(folder);

  expect((await fetch(`${url}/v1/models`)).status).toBe(401);
  child.kill('SIGINT');

  expect(await ended).toEqual({ code: 130, stdout: '', stderr: '' });
});

test('a local stack goes on when nobody reads what it prints any more', async () => {
  const { folder } = await dataFolder();
  const { child, prints, ended } = start('--port=0', '--data', folder);
  await prints('Press Ctrl-C');
  const { url } = ownerIn(folder);
  child.stdout.destroy();

  for (let count = 0; count < 3; count += 1) {
    expect((await fetch(`${url}/v1/models`)).status).toBe(401);
  }
  child.kill('SIGINT');

  expect(await ended).toMatchObject({ code: 130, stderr: '' });
  expect(existsSync(join(folder, 'ready.json'))).toBe(false);
});

test('a local stack serves, keeps its folder for itself, and leaves only its data behind', async () => {
  const { folder, entries } = await dataFolder();
  const readyFile = join(folder, 'ready.json');
  // As a start that was killed during its synthesis leaves it.
  await mkdir(join(folder, 'cdk.out-AbC123'), { recursive: true });
  await writeFile(join(folder, 'data-folder.txt'), '');
  await writeFile(join(folder, 'running.json'), '{"pid":1234567}');
  await writeFile(readyFile, '{"url":"http://127.0.0.1:1","apiKey":"old"}');
  const { child, prints, ended } = start('--port=0', '--data', folder, ...(await emptyCache()));
  await prints('Synthesising');
  expect(existsSync(readyFile)).toBe(false);
  await prints('Press Ctrl-C');
  const ready = JSON.parse(await readFile(readyFile, 'utf8'));
  const { url, mockProvider } = ready;

  expect(ready).toMatchObject({ mockProvider: `${url}/mock`, pid: child.pid });
  const sample = await fetch(`${mockProvider}/sample.jpg`);
  expect(sample.headers.get('content-type')).toBe('image/jpeg');
  expect((await fetch(`${url}/v1/models`)).status).toBe(401);
  await prints('GET /v1/models 401');
  const second = `is in use by the local stack at ${url} (process ${child.pid})`;
  for (const flags of [[], ['--fresh']]) {
    const { code, stderr } = await start('--data', folder, ...flags).ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(second) });
  }
  const created = await fetch(`${url}/v1/images/generations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ready.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'Snow', image_urls: [`${mockProvider}/sample.jpg`] }),
  });
  expect(created.status).toBe(200);
  await prints('submitted to');

  child.kill('SIGINT');

  expect(await ended).toMatchObject({
    code: 130,
    stdout: expect.stringMatching(/\(process 1234567\) was killed(?!.*(broke down|stopped at))/s),
    stderr: '',
  });
  await expect(fetch(url)).rejects.toThrow();
  // `--fresh` has to delete all of these.
  expect(await entries()).toEqual([
    ...['cdk.out', 'data-folder.txt', 'dynamodb', 'keys.json', 'lock', 'logs', 's3', 'secrets'],
  ]);

  const keys = join(folder, 'keys.json');
  await writeFile(keys, '{"apiKey":');
  expect(await start('--port=0', '--data', folder).ended).toEqual(
    refused(`${keys} is damaged. Start with new data: npm start -- --fresh --data "${folder}"\n`),
  );
});

describe('Ctrl-C, which a terminal sends to npm and to all that npm has started', () => {
  test('ends `npm start` with 130, and nothing listens any more', async () => {
    const { folder } = await dataFolder();
    const { prints, ended, sendToGroup } = await npm('start', '--', '--port=0', '--data', folder);
    await prints('Press Ctrl-C');
    const { url } = JSON.parse(await readFile(join(folder, 'ready.json'), 'utf8'));

    sendToGroup('SIGINT');

    expect(await ended).toMatchObject({ code: 130, stderr: '' });
    await expect(fetch(url)).rejects.toThrow();
    expect(existsSync(join(folder, 'running.json'))).toBe(false);
  });

  test('ends `npm run demo` with 130, and nothing of its local stack is left', async () => {
    const { prints, ended, sendToGroup, temporary } = await npm('run', 'demo');
    await prints('queued');
    const homes = async () =>
      (await readdir(temporary)).filter((name) => name.startsWith('darkroom-'));
    const [home = ''] = await homes();
    const { url } = JSON.parse(await readFile(join(temporary, home, 'ready.json'), 'utf8'));

    sendToGroup('SIGINT');

    expect(await ended).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/\nerror: interrupted\n$/),
    });
    await expect(fetch(url)).rejects.toThrow();
    expect(await homes()).toEqual([]);
  });
});
