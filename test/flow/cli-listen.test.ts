import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { commandLine } from './command-line.ts';
import { type TestStack, until } from './open-stack.ts';
import { startReceiver } from './receiver.ts';
import { startStack } from './start-stack.ts';

// `darkroom listen` as a process, and real callbacks of the whole system.

let stack: TestStack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

/** Starts it at a free port, and waits until it listens. */
async function startListening(args: readonly string[], secret = stack.keys.webhookSecret) {
  const line = await commandLine(stack);
  await line.write('cat.jpg', await readFile('cli/sample.jpg'));
  const state: { child?: ChildProcess; url?: string; printed: string } = { printed: '' };
  const ended = line.run(['listen', '0', ...args], {
    env: { DARKROOM_WEBHOOK_SECRET: secret },
    onStart: (child) => {
      state.child = child;
      child.stdout?.on('data', (text) => {
        state.printed += text;
      });
    },
    watch: (stderr) => {
      state.url = /listening at (\S+):/.exec(stderr)?.[1] ?? '';
    },
  });
  const url = await until(
    () => state.url,
    (text) => Boolean(text),
  );
  return {
    url: url ?? '',
    line,
    /** What it has printed, once it has printed so many lines. */
    printed: async (lines: number) => {
      await until(
        () => state.printed.split('\n').length,
        (length) => length > lines,
      );
      return state.printed.trimEnd().split('\n');
    },
    stop: () => {
      state.child?.kill('SIGINT');
      return ended;
    },
    generate: (callback: string) =>
      line.json(
        ['generate', 'cat.jpg', '--prompt', 'snow', '--size', '768x768'].concat(
          '--callback-url',
          callback,
        ),
      ),
  };
}

const post = (url: string, headers: Record<string, string> = {}, body = '{}') =>
  fetch(url, { method: 'POST', headers, body });

function signed(secret: string, body: string): Record<string, string> {
  const now = new Date();
  return {
    'webhook-id': 'evt-1',
    'webhook-timestamp': `${Math.floor(now.getTime() / 1000)}`,
    'webhook-signature': new Webhook(secret).sign('evt-1', now, body),
  };
}

describe('darkroom listen', () => {
  test('prints the callback of a task, verified, and ends with 0 at Ctrl-C', async () => {
    const { url, printed, generate, stop } = await startListening([]);

    const { id } = await generate(`${url}/hook`);
    const [line = ''] = await printed(1);

    expect(line).toMatch(new RegExp(`^\\S+Z evt-${id} ${id} completed: http\\S+$`));
    expect(await stop()).toMatchObject({ code: 0, stdout: expect.stringContaining(line) });
  });

  test('refuses what is not signed with the secret, and says so', async () => {
    const { url, printed, stop } = await startListening(['--json']);
    const now = `${Math.floor(Date.now() / 1000)}`;
    const signature = { 'webhook-id': 'evt-1', 'webhook-signature': 'v1,eA==' };

    const answers = [
      await post(url),
      await post(url, Object.assign({ 'webhook-timestamp': now }, signature)),
      await post(url, Object.assign({ 'webhook-timestamp': '1' }, signature)),
    ];
    const lines = (await printed(3)).map((line) => JSON.parse(line));

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(lines.map(({ verified, problem }) => [verified, problem])).toEqual([
      [false, 'it has no webhook-id, webhook-timestamp, webhook-signature'],
      [false, expect.stringContaining('signature is not made with this secret')],
      [false, expect.stringContaining('is the clock of this machine right?')],
    ]);
    expect((await fetch(url)).status).toBe(405);
    expect(
      (await post(url, {}, 'x'.repeat(1024 * 1024 + 1)).catch(() => ({ status: 413 }))).status,
    ).toBe(413);
    await stop();
  });

  test('sends a verified callback on as it came, and answers as that receiver does', async () => {
    const receiver = await startReceiver(500, 204);
    onTestFinished(() => receiver.close());
    const { url, printed, stop } = await startListening(['--forward', `${receiver.url}/x`]);
    const body = '{"id": "task-1",  "status": "completed"}';
    const headers = signed(stack.keys.webhookSecret, body);

    const first = await post(url, headers, body);
    const second = await post(url, headers, body);
    const unsigned = await post(url, {}, body);
    const lines = await printed(3);

    expect([first, second, unsigned].map(({ status }) => status)).toEqual([500, 204, 401]);
    expect(lines.map((line) => /forwarded: (\d+)$/.exec(line)?.[1])).toEqual([
      '500',
      '204',
      undefined,
    ]);
    expect(receiver.received).toHaveLength(2);
    expect(receiver.received[0]).toMatchObject({ headers, body, path: '/x' });
    await stop();
  });

  test('says how to go on when the port is taken or no secret is known', async () => {
    const { url, line, stop } = await startListening([]);
    const port = new URL(url).port;

    const taken = await line.run(['listen', port, '--secret', stack.keys.webhookSecret]);
    const unknown = await line.run(['listen', '0']);

    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('it is taken') });
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('No webhook secret'),
    });
    await stop();
  });
});
