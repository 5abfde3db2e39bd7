import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { deliver, sign } from '../../../../functions/adapters/callbacks/deliver.ts';
import { freePort } from '../../../support/free-port.ts';

const readme = readFileSync('README.md', 'utf8');
const [, callbacks = ''] = /\n## Callbacks\n(.*?)\n## /s.exec(readme) ?? [];
const blockOf = (language: string) =>
  new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(callbacks)?.[1] ?? '';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const body = JSON.stringify({ id: 'task-7', status: 'completed', results: ['https://é.example/'] });

/** Whether the port has a listener before the process ends. */
async function listens(port: number, child: ChildProcess): Promise<boolean> {
  while (child.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return true;
  }
  return false;
}

/** Runs a block of the README with another port, since its own may be in use. */
async function receiver(command: string, language: string, ...options: readonly string[]) {
  const port = await freePort();
  const code = blockOf(language).replace(/\b800[34]\b/, String(port));
  const child = spawn(command, [...options, code], {
    env: { ...process.env, DARKROOM_WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child, 'spawn');
  const printed = text(child.stdout);
  const complaints = text(child.stderr);
  if (!(await listens(port, child))) throw new Error(await complaints);
  return {
    send: (headers: Readonly<Record<string, string>>, bytes = body) =>
      deliver({
        url: `http://127.0.0.1:${port}/`,
        body: bytes,
        headers,
        rules: { allowLoopback: true },
      }),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await printed;
    },
    printed: () => {
      child.kill();
      return printed;
    },
  };
}

const node = () => receiver(process.execPath, 'js', '--input-type=module', '--eval');
const python = () => receiver('python3', 'python', '-c');
const hasPython = spawnSync('python3', ['--version']).status === 0;

describe.each([
  ['Node', node, true],
  ['Python', python, hasPython],
] as const)('verifying as the README does in %s', (language, start, isHere) => {
  const now = Date.now();
  const headers = sign([secret], 'evt-task-7', body, now);

  test('accepts a callback that we signed and no other', async ({ skip }) => {
    if (!isHere) skip(`${language} is not installed`);
    await using caller = await start();

    expect(await caller.send(headers)).toEqual({ status: 204 });
    expect(await caller.send(sign([other, secret], 'evt-task-7', body, now))).toEqual({
      status: 204,
    });

    expect(await caller.send(headers, body.replace('completed', 'failed'))).toEqual({
      status: 401,
    });
    expect(await caller.send({ ...headers, 'webhook-id': 'evt-task-8' })).toEqual({ status: 401 });
    expect(await caller.send({ ...headers, 'webhook-signature': 'v1,' })).toEqual({ status: 401 });
    expect(await caller.send(sign([other], 'evt-task-7', body, now))).toEqual({ status: 401 });
    expect(await caller.send(sign([secret], 'evt-task-7', body, now - 3_600_000))).toEqual({
      status: 401,
    });
    expect(await caller.send(sign([secret], 'evt-task-7', body, now + 3_600_000))).toEqual({
      status: 401,
    });
    expect(await caller.send({})).toEqual({ status: 401 });

    const printed = (await caller.printed()).trim().split('\n');
    expect(printed).toHaveLength(2);
    expect(printed[0]).toMatch(/^task-7 completed .*https:\/\/é\.example\//);
  });
});
