import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { cliContext, key, temporaryDirectory } from './cli-context.ts';
import { findOlderNode } from './older-node.ts';
import { runScript, script } from './run-script.ts';
import { taskId } from './task-responses.ts';

const olderNode = findOlderNode();
if (!olderNode) {
  process.stderr.write(
    'The command is not run on an older Node: no Node 20 to 23 is on the PATH.\n',
  );
}

const generate = ['generate', 'photo.jpg', '--prompt', 'two  words & "quotes"'];

describe.each([
  ['this Node', process.execPath],
  ['an older Node', olderNode],
])('the darkroom command, started by %s', (_, node = '') => {
  test.skipIf(!node)('gets its arguments, directory and environment, and prints', async () => {
    const { api, directory, saved } = await cliContext();
    const env = { DARKROOM_URL: api.url, DARKROOM_KEY: key };

    const { code, stdout, stderr } = await runScript(script('darkroom.js'), generate, {
      node,
      cwd: directory,
      env,
    });

    expect(stderr).toMatch(/^uploading\ncreated task-.*\nsaving\n.*credits\n$/);
    expect(stdout).toBe(`out/${taskId}-1.png\n`);
    expect(code).toBe(0);
    expect(await saved()).toEqual([`${taskId}-1.png`]);
    expect(JSON.parse(String(api.calls('/v1/images')[0]?.body))).toMatchObject({
      prompt: 'two  words & "quotes"',
    });
  });

  test.skipIf(!node)('ends with its exit code', async () => {
    const { code, stdout, stderr } = await runScript(script('darkroom.js'), ['print'], { node });

    expect(stderr).toBe("error: unknown command 'print'\n");
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test.skipIf(!node).each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'says at %s how to get the result, ends with %i, and leaves no process behind',
    async (signal, exitCode) => {
      const { api, directory } = await cliContext({ polls: [{ status: 'pending' }] });

      // A process that stays behind would keep the output open, and this would never return.
      const { code, stdout, stderr } = await runScript(script('darkroom.js'), generate, {
        node,
        cwd: directory,
        env: { DARKROOM_URL: api.url, DARKROOM_KEY: key },
        watch: (text, child) => {
          if (text.endsWith('queued\n')) child.kill(signal);
        },
      });

      expect(stderr).toBe(
        `uploading\ncreated ${taskId}\nqueued\nerror: interrupted; ${taskId} goes on: \`darkroom wait ${taskId}\` gets its result, \`darkroom cancel ${taskId}\` ends it\n`,
      );
      expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    },
  );

  test.skipIf(!node).each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends by %s when it has nothing to say about it, and leaves no process behind',
    async (signal) => {
      const started: ChildProcess[] = [];
      // The command waits for a response that never comes.
      const server = createServer(() => started[0]?.kill(signal)).listen(0, '127.0.0.1');
      onTestFinished(() => void server.close());
      await once(server, 'listening');
      const { port } = z.object({ port: z.number() }).parse(server.address());

      const { code } = await runScript(script('darkroom.js'), ['credits'], {
        node,
        env: { DARKROOM_URL: `http://127.0.0.1:${port}`, DARKROOM_KEY: key },
        onStart: (child) => started.push(child),
      });

      expect({ code, signals: started.map(({ signalCode }) => signalCode) }).toEqual({
        code: null,
        signals: [signal],
      });
    },
  );
});

test.skipIf(!olderNode)(
  'the darkroom command says what is missing when an older Node finds no Node 24 among the packages',
  async () => {
    const checkout = await temporaryDirectory();
    await mkdir(join(checkout, 'cli'));
    for (const name of ['cli/darkroom.js', 'cli/installed-node.js', 'package.json']) {
      await copyFile(script(`../${name}`), join(checkout, name));
    }

    const { code, stdout, stderr } = await runScript(join(checkout, 'cli/darkroom.js'), [], {
      node: olderNode ?? '',
    });

    expect(stderr).toMatch(
      /^error: this needs Node 24, which `npm ci` installs; here is only Node 2[0-3]\.[\d.]+\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  },
);
