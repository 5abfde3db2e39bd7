import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { account, errorReply } from './admin-responses.ts';
import { darkroomContext } from './darkroom-context.ts';
import { creditsBody } from './task-responses.ts';

/** A directory whose `.local` holds the ready file of a local stack. */
async function localContext() {
  const context = await darkroomContext({
    replies: { 'GET /v1/credits': [{ body: creditsBody() }] },
    lists: { '/v1/admin/accounts': [account('default')], '/v1/admin/keys': [] },
  });
  await mkdir(join(context.directory, '.local'));
  const write = (ready: object) =>
    writeFile(join(context.directory, '.local', 'ready.json'), JSON.stringify(ready));
  await write({ url: context.api.url, apiKey: 'sk-local', adminKey: 'sk-admin' });
  const lastKey = () => context.api.calls().at(-1)?.headers.authorization;
  return { ...context, write, lastKey };
}

const nobodyListens = 'http://127.0.0.1:1';
const diedAt = async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  return child.pid;
};

describe('a local stack that was killed and left its ready file behind', () => {
  test.each([
    ['its process is gone', async (url: string) => ({ url, pid: await diedAt() })],
    ['its process id has a new owner', async () => ({ url: nobodyListens, pid: process.pid })],
    ['it wrote no process id', async () => ({ url: nobodyListens })],
  ])('is reported without a request and without a retry when %s', async (_, left) => {
    const { api, directory, write, runInProcess, pauses } = await localContext();
    await write({ ...(await left(api.url)), apiKey: 'sk-local' });

    const { code, message } = await runInProcess(['credits'], { env: {} });

    expect({ code, message }).toEqual({
      code: 8,
      message: `The local stack that wrote ${directory}/.local/ready.json is gone: npm start`,
    });
    expect(pauses).toEqual([]);
    expect(api.calls()).toEqual([]);
  });
});

describe('the key of the local stack', () => {
  test.each([
    [['accounts', 'list'], 'sk-admin'],
    [['keys', 'list'], 'sk-admin'],
    [['credits'], 'sk-local'],
  ])('for the command %j is %s', async (args, key) => {
    const { runInProcess, lastKey } = await localContext();

    expect(await runInProcess(args, { env: {} })).toMatchObject({ code: 0 });
    expect(lastKey()).toBe(`Bearer ${key}`);
  });

  test('is not used when another key is given', async () => {
    const { runInProcess, lastKey } = await localContext();

    await runInProcess(['accounts', 'list'], { env: { DARKROOM_KEY: 'sk-mine' } });

    expect(lastKey()).toBe('Bearer sk-mine');
  });

  test('is never sent to another address', async () => {
    const { api, runInProcess } = await localContext();

    expect(
      await runInProcess(['accounts', 'list'], { env: { DARKROOM_URL: api.url } }),
    ).toMatchObject({
      code: 2,
      message: 'No API key: give --key, or set DARKROOM_KEY',
    });
    expect(api.calls()).toEqual([]);
  });

  test('is required: without an admin key an operator command is wrong usage and calls nothing', async () => {
    const { api, runInProcess, write } = await localContext();
    await write({ url: api.url, apiKey: 'sk-local' });

    expect(await runInProcess(['accounts', 'list'], { env: {} })).toMatchObject({ code: 2 });
    expect(api.calls()).toEqual([]);
  });
});

test.each([
  ['POST /v1/admin/accounts', ['accounts', 'create', 'shop'], 'an admin key'],
  [
    'POST /v1/admin/keys',
    ['keys', 'create', '--name', 'x'],
    'a key with the scope manage or admin',
  ],
])('%s with a key that lacks the scope says which key it needs', async (call, args, kind) => {
  const denied = errorReply(403, 'permission_denied', 'The API key lacks the scope.');
  const { runInProcess } = await darkroomContext({ replies: { [call]: [denied] } });

  expect(await runInProcess(args)).toMatchObject({
    code: 6,
    message: `This takes ${kind}: give it with --key or in DARKROOM_KEY`,
  });
});

test('a scope that a key with the scope manage may not give is reported in the words of the API', async () => {
  const message = 'A key with the scope "manage" can give only the scopes "read" and "generate".';
  const denied = errorReply(403, 'permission_denied', message, 'scopes');
  const { runInProcess } = await darkroomContext({ replies: { 'POST /v1/admin/keys': [denied] } });

  expect(await runInProcess(['keys', 'create', '--name', 'x', '--scope', 'admin'])).toMatchObject({
    code: 6,
    message,
  });
});

test('a key that lacks the scope generate is reported in the words of the API', async () => {
  const denied = errorReply(403, 'permission_denied', 'This key lacks the scope generate.');
  const { runInProcess } = await darkroomContext({ replies: { 'GET /v1/credits': [denied] } });

  expect(await runInProcess(['credits'])).toMatchObject({
    code: 6,
    message: 'This key lacks the scope generate.',
  });
});

test.each(['keys', 'accounts'])(
  '%s without a subcommand prints its usage and exits with 2',
  async (group) => {
    const { runProcess } = await darkroomContext();

    const { code, stderr } = await runProcess([group]);

    expect(stderr).toMatch(new RegExp(`^Usage: darkroom ${group}`));
    expect(stderr).not.toContain('error');
    expect(code).toBe(2);
  },
);
