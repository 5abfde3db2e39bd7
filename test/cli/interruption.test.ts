import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { cliContext, key } from './cli-context.ts';
import { fields } from './fake-api.ts';
import { runScript, script } from './run-script.ts';
import { createdBody, taskId } from './task-responses.ts';

/** Runs the command against an API that never answers requests to this path, and presses Ctrl-C at the first of them. */
async function interruptAt(path: string, args: readonly string[]) {
  const { directory } = await cliContext();
  const started: ChildProcess[] = [];
  const state = { url: '' };
  const server = createServer((request, response) => {
    if (request.url?.startsWith(path)) {
      started[0]?.kill('SIGINT');
      return;
    }
    request.resume();
    const form = {
      method: 'POST',
      url: `${state.url}/storage`,
      fields,
      expires_at: 1_772_367_300,
      index: 0,
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(createdBody([form])));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  state.url = `http://127.0.0.1:${port}`;
  const { code, stdout, stderr } = await runScript(script('darkroom.js'), args, {
    cwd: directory,
    env: { DARKROOM_URL: state.url, DARKROOM_KEY: key },
    onStart: (child) => started.push(child),
  });
  return { code, stdout, last: stderr.trimEnd().split('\n').at(-1) };
}

const create = '/v1/images/generations';
const generate = (picture: string) => ['generate', picture, '--prompt', 'stars'];

describe('Ctrl-C', () => {
  test.each([
    ['a file', 'photo.jpg'],
    ['an address', 'https://example.com/cat.jpg'],
  ])('during the create of a task with %s says that the task may exist', async (_, picture) => {
    expect(await interruptAt(create, generate(picture))).toEqual({
      code: 130,
      stdout: '',
      last: 'error: interrupted; `darkroom tasks` shows whether the task was created',
    });
  });

  test('while a picture is uploaded says that the task lacks it', async () => {
    expect(await interruptAt('/storage', generate('photo.jpg'))).toEqual({
      code: 130,
      stdout: '',
      last: `error: interrupted; ${taskId} lacks pictures: \`darkroom cancel ${taskId}\` gives its credits back`,
    });
  });

  test('while the command waits says so, with --json as JSON with the id of the task', async () => {
    const waiting = await interruptAt('/v1/tasks', ['wait', taskId]);
    const json = await interruptAt('/v1/tasks', ['wait', taskId, '--json']);

    const message = `interrupted; ${taskId} goes on: \`darkroom wait ${taskId}\` waits for it again`;
    expect(waiting).toEqual({ code: 130, stdout: '', last: `error: ${message}` });
    expect(JSON.parse(json.last ?? '')).toEqual({
      error: { message, task_id: taskId, exit_code: 130 },
    });
  });
});
