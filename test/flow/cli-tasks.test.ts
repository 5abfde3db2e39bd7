import { chmod, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { listen } from '../../local/aws/listen.ts';
import { commandLine } from './command-line.ts';
import { type TestStack, until } from './open-stack.ts';
import { controlProvider, startStack } from './start-stack.ts';

// The command line against the whole system: `darkroom` as a process, over HTTP.

const sample = await readFile('cli/sample.jpg');
const taskId = /^task-unified-\d{10}-[a-z0-9]{8}$/;
const generate = ['generate', 'cat.jpg', '--prompt', 'Make it snow', '--size', '768x768'];

let stack: TestStack;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

async function withPicture(key?: string) {
  const line = await commandLine(stack, key);
  await line.write('cat.jpg', sample);
  return line;
}

describe('darkroom generate', () => {
  test('sends every option, names the result as asked, and prints nothing but its path on stdout', async () => {
    const { directory, run, saved } = await withPicture();

    const { code, stdout, stderr } = await run([
      ...generate,
      ...['--n', '2', '--seed', '7', '--negative-prompt', 'fog', '--no-watermark'],
      ...['--no-prompt-extend', '--model', 'wan2.5-image-to-image', '--metadata', 'order=4711'],
      ...['--name', '{input}-{n}'],
    ]);

    expect(stdout).toBe('out/cat-1.png\nout/cat-2.png\n');
    const [, id = ''] = /^uploading\ncreated (\S+)\n/.exec(stderr) ?? [];
    expect(id).toMatch(taskId);
    expect(stderr).toMatch(/\n\d+\.\d s, 2\.4 credits\n$/);
    expect(code).toBe(0);
    expect(await saved()).toEqual(['cat-1.png', 'cat-2.png']);
    expect(await sharp(join(directory, 'out/cat-2.png')).metadata()).toMatchObject({ width: 768 });
    expect((await stack.call('GET', `/v1/tasks/${id}`)).body).toMatchObject({
      model: 'wan2.5-image-to-image',
      metadata: { order: '4711' },
      request: {
        prompt: 'Make it snow',
        size: '768x768',
        n: 2,
        seed: 7,
        negative_prompt: 'fog',
        watermark: false,
        prompt_extend: false,
      },
    });
  });

  test('does not wait with --async: stdout is the id, with which `wait` saves the result later', async () => {
    const { run, saved } = await withPicture();

    const created = await run([...generate, '--async']);
    const id = created.stdout.trim();
    const waited = await run(['wait', id, '--name', '{id}']);

    expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+\n$/) });
    expect(id).toMatch(taskId);
    expect(waited).toMatchObject({ code: 0, stdout: `out/${id}.png\n` });
    expect(await saved()).toEqual([`${id}.png`]);
  });

  test('creates one task for an idempotency key, whose result the repeated command saves again', async () => {
    const { run } = await withPicture();
    const once = [...generate, '--idempotency-key', 'order 4711', '--json'];

    const first = await run(once);
    const second = await run(once);

    expect([first.code, second.code]).toEqual([0, 0]);
    expect(JSON.parse(second.stdout).id).toBe(JSON.parse(first.stdout).id);
  });

  test('continues to wait when the create is repeated and the task is already queued with all its pictures', async () => {
    controlProvider(stack, { submit: 'busy' });
    const { run } = await withPicture();
    const once = [...generate, '--idempotency-key', 'order 4712'];

    const first = await run([...once, '--async']);
    const id = first.stdout.trim();
    await until(
      () => stack.call('GET', `/v1/tasks/${id}`),
      ({ body }) => body.started_at !== null,
    );
    const second = await run([...once, '--timeout', '1s']);
    await run(['cancel', id]);

    expect(second.stderr).toContain(`${id} is not finished after 1 second`);
    expect([first.code, second.code]).toEqual([0, 9]);
  });

  test('does not lose a task at Ctrl-C: it says how to get the result, and that gets it', async () => {
    controlProvider(stack, { seconds: 10 });
    const { run, saved } = await withPicture();

    const interrupted = await run(generate, {
      watch: (stderr, child) => {
        if (/\n(queued|generating)\n$/.test(stderr)) child.kill('SIGINT');
      },
    });
    const [, id = ''] = /`darkroom wait (\S+)` gets its result/.exec(interrupted.stderr) ?? [];
    const waited = await run(['wait', id]);

    expect(interrupted).toMatchObject({ code: 130, stdout: '' });
    expect(waited).toMatchObject({ code: 0, stdout: `out/${id}-1.png\n` });
    expect(await saved()).toEqual([`${id}-1.png`]);
  });
});

describe('the exit code and the JSON of an error', () => {
  test('are those of the failed task', async () => {
    controlProvider(stack, { outcome: 'failed', code: 'DataInspectionFailed' });
    const { run } = await withPicture();

    const { code, stdout, stderr } = await run([...generate, '--json']);

    const [created = '', error = ''] = stderr.trim().split('\n');
    expect(JSON.parse(error)).toEqual({
      error: {
        message: expect.stringMatching(/./),
        code: 'content_policy_violation',
        task_id: created.replace('created ', ''),
        exit_code: 3,
      },
    });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  });

  test('is 4 when fewer pictures were made, and the others are saved', async () => {
    controlProvider(stack, { outcome: 'partial' });
    const { run, saved } = await withPicture();

    const { code, stderr } = await run([...generate, '--n', '2']);

    expect(stderr).toMatch(/\nnot made: .+\n/);
    expect(code).toBe(4);
    expect(await saved()).toHaveLength(1);
  });

  test.each([
    ['rejected', [...generate, '--size', '9x9'], {}, 5, 'invalid_request', 'size'],
    ['from a wrong key', generate, { DARKROOM_KEY: 'sk-dr-none' }, 6, 'unauthorized', undefined],
  ] as const)(
    'have the request id when the request is %s',
    async (_, args, env, exitCode, apiCode, param) => {
      const { run } = await withPicture();

      const { code, stderr } = await run([...args, '--json'], { env });

      const { error } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
      expect(error).toMatchObject({ exit_code: exitCode, request_id: expect.stringMatching(/./) });
      expect([error.code, error.param ?? undefined]).toEqual([apiCode, param]);
      expect(code).toBe(exitCode);
    },
  );

  test('is 9 when the time is over, and the task goes on until `cancel`; `wait` then ends with 10', async () => {
    controlProvider(stack, { submit: 'busy' });
    const { run } = await withPicture();

    const { code, stderr } = await run([...generate, '--timeout', '1s']);
    const [, id = ''] = /`darkroom wait (\S+)`/.exec(stderr) ?? [];
    const cancelled = await run(['cancel', id]);
    const waited = await run(['wait', id]);

    expect(stderr).toContain('is not finished after 1 second');
    expect([code, cancelled.code, waited.code]).toEqual([9, 0, 10]);
    expect(waited.stderr).toContain(`(request_cancelled, ${id})`);
  });
});

describe('darkroom open', () => {
  test('prints the links, and starts the browser with each', async () => {
    const { directory, run, json, write } = await withPicture();
    await write('browser', '#!/bin/sh\nprintf "%s" "$1" > opened\n');
    await chmod(join(directory, 'browser'), 0o755);
    const { id } = await json(generate);

    const printed = await run(['open', id, '--print']);
    const opened = await run(['open', id], { env: { BROWSER: join(directory, 'browser') } });

    expect(printed).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`/v1/results/${id}`),
    });
    const link = await until(
      () => readFile(join(directory, 'opened'), 'utf8').catch(() => ''),
      (text) => text !== '',
    );
    expect(opened).toMatchObject({ code: 0, stdout: `${link}\n` });
    expect((await fetch(link)).status).toBe(200);
  });
});

describe('darkroom callback', () => {
  test('says in words what happened in each attempt, and delivers again', async () => {
    const answers = [500, 410];
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(answers.shift() ?? 204).end('no \x1b[31msuch hook');
    });
    const receiver = await listen(server, 0);
    onTestFinished(receiver.close);
    const { run, json } = await withPicture();
    const { id } = await json([...generate, '--callback-url', `${receiver.url}/hook`]);

    const failed = await until(
      () => run(['callback', id]),
      ({ code }) => code === 11,
    );
    const again = await run(['callback', id, '--redeliver']);
    const delivered = await until(
      () => run(['callback', id]),
      ({ stdout: text }) => text.startsWith('delivered'),
    );

    expect(failed.stdout.split('\n')[0]).toBe(`given up, 2 attempts: ${receiver.url}/hook`);
    expect(failed.stdout).toMatch(/ {2}\S+Z answered 500 after \d+ ms: .+\n/);
    expect(failed.stdout).toMatch(/ {2}\S+Z answered 410 after \d+ ms: .+\n/);
    expect(failed.stdout).toContain('    it said: no ');
    expect(failed.stdout).not.toContain('\x1b');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('on its way again') });
    expect(delivered).toMatchObject({ code: 0, stdout: expect.stringContaining('answered 204') });
  });

  test('says that a task has none', async () => {
    const { run, json } = await withPicture();
    const { id } = await json(generate);

    const { code, stderr } = await run(['callback', id]);

    expect(stderr).toContain('has no callback: it was created without callback_url');
    expect(code).toBe(5);
  });
});
