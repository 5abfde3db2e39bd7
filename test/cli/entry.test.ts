import type { ChildProcess } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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

    expect(stderr).toBe('uploading\nsaving\n');
    expect(stdout).toMatch(new RegExp(`^out/${taskId}-1\\.png `));
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

  test.skipIf(!node).each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends by %s, and leaves no process behind',
    async (signal) => {
      const { api, directory } = await cliContext({ polls: [{ status: 'pending' }] });
      const started: ChildProcess[] = [];

      // A process that stays behind would keep the output open, and this would never return.
      const { code, stderr } = await runScript(script('darkroom.js'), generate, {
        node,
        cwd: directory,
        env: { DARKROOM_URL: api.url, DARKROOM_KEY: key },
        watch: (text, child) => {
          if (!text.endsWith('queued\n')) return;
          started.push(child);
          child.kill(signal);
        },
      });

      expect(stderr).toBe('uploading\nqueued\n');
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
    for (const name of ['cli/darkroom.js', 'package.json']) {
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
