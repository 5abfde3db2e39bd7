import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { TestStack } from './open-stack.ts';
import { openOwnStack } from './start-stack.ts';

// The blocks of the README, as a reader pastes them.

const readme = readFileSync('README.md', 'utf8');
const sections = new Map(
  readme.split(/^## /m).map((part) => [part.slice(0, part.indexOf('\n')), part]),
);
const blocksOf = (section: string, language: string): readonly string[] =>
  [...(sections.get(section) ?? '').matchAll(/```(\w+)\n(.*?)```/gs)].flatMap(([, name, code]) =>
    name === language ? [code ?? ''] : [],
  );
const programOf = (section: string, language: string): string => {
  const [program = ''] = blocksOf(section, language);
  return program;
};

const hasPython = spawnSync('python3', ['--version']).status === 0;

let stack: TestStack;
/** A folder in place of the checkout, in which `npm start` seems to run. */
let checkout: string;

beforeAll(async () => {
  // The files of `npm start` have the keys of the default account.
  stack = await openOwnStack();
  checkout = mkdtempSync(join(tmpdir(), 'darkroom-readme-'));
  for (const folder of ['.local', 'cli']) mkdirSync(join(checkout, folder));
  const { url, keys, mockProvider } = stack;
  const ready = { url, ...keys, mockProvider: mockProvider.url };
  writeFileSync(join(checkout, '.local/ready.json'), JSON.stringify(ready, undefined, 2));
  writeFileSync(join(checkout, '.local/keys.json'), JSON.stringify(keys, undefined, 2));
  copyFileSync('cli/sample.jpg', join(checkout, 'cli/sample.jpg'));
  await saveProgram('edit.mjs', programOf('The same in a program', 'js'));
  await saveProgram('edit.py', programOf('The same in a program', 'python'));
});
afterAll(async () => {
  await stack?.close();
  rmSync(checkout, { recursive: true });
});

const saveProgram = async (name: string, code: string) => writeFileSync(join(checkout, name), code);

function start(command: string, args: readonly string[], env: object = {}): ChildProcess {
  // `node` is the one that runs this test. In a process group of its own, so that its child processes end with it.
  const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;
  return spawn(command, args, {
    cwd: checkout,
    env: { ...process.env, PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

/** Runs a program to its end. @returns what it printed @throws {Error} with what it said when it fails */
async function run(command: string, args: readonly string[], env: object = {}): Promise<string> {
  const child = start(command, args, env);
  if (!child.stdout || !child.stderr) throw new Error('its output is not piped');
  const [printed, said, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0 || said !== '')
    throw new Error(`${command} ended with ${code}.\n${printed}\n${said}`);
  return printed;
}

const pictureSize = async (name: string) => {
  const { format, width, height } = await sharp(join(checkout, name)).metadata();
  return { format, isLarge: Number(width) * Number(height) > 768 * 768 };
};

test.each(['bash', 'sh'])('the five calls can be pasted all at once into %s', async (shell) => {
  const calls = blocksOf('Five calls', 'sh');

  const printed = await run(shell, ['-euc', calls.join('\n')]);

  expect(calls).toHaveLength(6);
  const created = 'Created task-unified-\\d+-\\w+\\n(?:(?:pending|processing)\\n)*completed\\n';
  expect(printed).toMatch(
    new RegExp(
      `^${created}Saved out/stars.png\\n${created}Saved out/sketch.png\\nUploaded ${stack.url}/v1/files/file-\\w+\\n$`,
    ),
  );
  for (const name of ['out/stars.png', 'out/sketch.png']) {
    expect(await pictureSize(name)).toEqual({ format: 'png', isLarge: true });
  }
});

describe.each([
  ['Node', process.execPath, 'edit.mjs', 'js', true],
  ['Python', 'python3', 'edit.py', 'python', hasPython],
] as const)('the program in %s', (language, command, file, block, isHere) => {
  const environment = () => ({ DARKROOM_URL: stack.url, DARKROOM_KEY: stack.keys.apiKey });

  test('uploads a picture, waits, and saves the result', async ({ skip }) => {
    if (!isHere) skip(`${language} is not installed`);

    await run(command, [file, 'cli/sample.jpg', 'Make it snow'], environment());

    expect(await pictureSize('result.png')).toEqual({ format: 'png', isLarge: true });
    rmSync(join(checkout, 'result.png'));
  });

  test('says what is wrong', async ({ skip }) => {
    if (!isHere) skip(`${language} is not installed`);

    const failure = run(command, [file, 'cli/sample.jpg', ''], environment());

    await expect(failure).rejects.toThrow(/prompt|400/);
  });

  test('has 25 lines, without blank ones', () => {
    const lines = programOf('The same in a program', block).split('\n');
    expect(lines.filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(25);
  });
});

test.each([
  ['Node', 'receiver.mjs', 'js', 'node receiver.mjs', true],
  ['Python', 'receiver.py', 'python', 'python3 receiver.py', hasPython],
] as const)(
  'the receiver in %s starts with the secret, and gets the test event and the callback of a task',
  async (language, file, block, command, isHere) => {
    if (!isHere) {
      process.stdout.write(`Skipped: ${language} is not installed\n`);
      return;
    }
    const port = String(await freePort());
    await saveProgram(file, programOf('Callbacks', block).replace(/\b800[34]\b/, port));
    const [setUp] = blocksOf('Five calls', 'sh');
    const [startIt, sendToIt] = blocksOf('Callbacks', 'sh');
    const script = [
      setUp,
      startIt?.replace('node receiver.mjs', command),
      // A person pastes the next block later.
      `until curl -s -o out/first.txt http://127.0.0.1:${port}/ -d '{}'; do sleep 0.1; done`,
      sendToIt?.replace(/\b8003\b/, port),
      'wait',
    ].join('\n');

    const child = start('bash', ['-euc', script]);
    onTestFinished(async () => {
      process.kill(-Number(child.pid));
      await once(child, 'close');
    });
    let printed = '';
    child.stdout?.on('data', (data) => {
      printed += String(data);
    });

    await expect.poll(() => printed).toMatch(/^task-test-\S+ completed .*\/v1\/results\//m);
    await expect.poll(() => printed).toMatch(/^task-unified-\S+ completed \[\s*'http/m);
    expect(printed).toMatch(/^\{.*"delivered":true.*\}$/m);
    expect(printed).toMatch(/^Created task-unified-/m);
  },
);

test('these are all blocks of the README, beside those that need the registry or AWS', () => {
  const languages = (section: string) =>
    [...(sections.get(section) ?? '').matchAll(/```(\w+)\n/g)].map(([, language]) => language);
  const withBlocks = [...sections.keys()].filter((section) => languages(section).length > 0);

  // `.ci/run` runs "Try it", and test/emulator deploys.
  expect(withBlocks).toEqual([
    'Try it',
    'Five calls',
    'The same in a program',
    'Callbacks',
    'Deploy',
  ]);
  expect(languages('The same in a program')).toEqual(['js', 'python']);
  expect(languages('Callbacks')).toEqual(['js', 'python', 'sh', 'sh']);
});
