import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { darkroomContext } from './darkroom-context.ts';
import { runScript, script } from './run-script.ts';
import { taskError, taskId } from './task-responses.ts';

const generate = ['generate', 'photo.jpg', '--prompt', 'stars'];

describe('exit code 0', () => {
  test('comes with the file alone on stdout, and on stderr the id first, the stages, the seconds and the credits', async () => {
    const { runProcess, saved } = await darkroomContext();

    const { code, stdout, stderr } = await runProcess(generate);

    expect(stdout).toBe(`out/${taskId}-1.png\n`);
    expect(stderr).toMatch(
      new RegExp(`^uploading\ncreated ${taskId}\nsaving\n\\d+\\.\\d s, 1\\.2 credits\n$`),
    );
    expect(code).toBe(0);
    expect(await saved()).toEqual([`${taskId}-1.png`]);
  });

  test('comes with nothing but JSON on stdout with --json', async () => {
    const { runProcess } = await darkroomContext();

    const { code, stdout } = await runProcess([...generate, '--json', '--out', 'here']);

    expect(JSON.parse(stdout)).toEqual({
      id: taskId,
      files: [`here/${taskId}-1.png`],
      seconds: expect.any(Number),
      credits: 1.2,
      missing: [],
    });
    expect(code).toBe(0);
  });

  test('does not come when a picture is missing: it is 4, with the reason on stderr', async () => {
    const { runProcess } = await darkroomContext({
      polls: [{ status: 'completed', result_errors: [taskError('The model slipped.')] }],
    });

    const { code, stderr } = await runProcess(generate);

    expect(stderr).toContain('not made: The model slipped.\n');
    expect(code).toBe(4);
  });

  test('comes with the help for --help', async () => {
    const { runProcess } = await darkroomContext();

    const { code, stdout } = await runProcess(['generate', '--help']);

    expect(stdout).toContain('--prompt <text>');
    expect(code).toBe(0);
  });
});

test('a reader that has enough ends the command without an error', async () => {
  const { directory } = await darkroomContext();

  const { code, stderr } = await runScript(script('darkroom.js'), ['--help'], {
    cwd: directory,
    onStart: ({ stdout }) => void stdout?.destroy(),
  });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

describe('exit code 3', () => {
  test('comes with one line when the task fails', async () => {
    const { runProcess } = await darkroomContext({
      polls: [{ status: 'failed', error: taskError('The picture\nis too small.') }],
    });

    const { code, stdout, stderr } = await runProcess(generate);

    expect(stderr).toBe(
      `uploading\ncreated ${taskId}\nerror: The picture is too small. (service_error, ${taskId})\n`,
    );
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  });
});

describe('exit code 2', () => {
  test.each([
    ['an unknown command', ['print'], "unknown command 'print'"],
    ['an unknown option', [...generate, '--sise', '1'], "unknown option '--sise'"],
    ['a typing error', [...generate, '--ot', 'x'], "unknown option '--ot' (Did you mean --out?)"],
    ['no picture', ['generate', '--prompt', 'x'], "missing required argument 'picture'"],
    ['no prompt', ['generate', 'photo.jpg'], "required option '--prompt <text>' not specified"],
    ['too many', [...generate, '--n', '5'], 'It must be a whole number from 1 to 4.'],
    [
      'an address that is not http(s)',
      [...generate, '--url', 'ftp://x'],
      'ftp://x is not an http(s) address',
    ],
    ['files and addresses', [...generate, 'https://example.com/a.png'], 'Give either files or'],
  ])('comes with one line for %s', async (_, args, message) => {
    const { api, runProcess } = await darkroomContext();

    const { code, stdout, stderr } = await runProcess(args);

    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(api.calls()).toEqual([]);
  });

  test('comes with the help when no command is given', async () => {
    const { runProcess } = await darkroomContext();

    const { code, stderr } = await runProcess([]);

    expect(stderr).toMatch(/^Usage: darkroom/);
    expect(stderr).not.toContain('error');
    expect(code).toBe(2);
  });
});

describe('the address and the key of the API', () => {
  test('are taken from the options before the environment', async () => {
    const { api, runProcess } = await darkroomContext();

    const { code } = await runProcess([...generate, '--url', `${api.url}/`, '--key', 'sk-option'], {
      DARKROOM_URL: 'http://127.0.0.1:1',
      DARKROOM_KEY: 'sk-environment',
    });

    expect(code).toBe(0);
    expect(api.calls('/v1/images')[0]?.headers.authorization).toBe('Bearer sk-option');
  });

  test('are those of the local stack of the directory when none are given', async () => {
    const { api, directory, runProcess } = await darkroomContext();
    await writeReadyFile(directory, {
      url: api.url,
      apiKey: 'sk-local',
      adminKey: 'a',
      mockProvider: 'p',
    });

    const { code } = await runProcess(generate, {});

    expect(code).toBe(0);
    expect(api.calls('/v1/images')[0]?.headers.authorization).toBe('Bearer sk-local');
  });

  test.each([
    ['below that of the checkout', '.', 'a/b'],
    ['below another one of the checkout, whose own comes first', 'a', 'a/b/c'],
  ])('are those of the local stack when the directory is %s', async (_, home, below) => {
    const { api, directory, runInProcess } = await darkroomContext();
    await mkdir(join(directory, below), { recursive: true });
    await writeReadyFile(directory, { url: 'http://127.0.0.1:1', apiKey: 'sk-of-the-root' });
    await writeReadyFile(join(directory, home), { url: api.url, apiKey: 'sk-local' });

    const { code } = await runInProcess(['tasks'], {
      env: {},
      directory: join(directory, below),
    });

    expect(code).toBe(0);
    expect(api.calls('/v1/tasks')[0]?.headers.authorization).toBe('Bearer sk-local');
  });

  test('are not those of a local stack above the directory outside the checkout', async () => {
    const { api, directory, runInProcess } = await darkroomContext();
    await mkdir(join(directory, 'a', 'checkout'), { recursive: true });
    await writeReadyFile(directory, { url: api.url, apiKey: 'sk-local' });

    const { code, message } = await runInProcess(['tasks'], {
      env: {},
      directory: join(directory, 'a'),
      checkout: join(directory, 'a', 'checkout'),
    });

    expect({ code, message }).toEqual({
      code: 2,
      message:
        'No API: give --url and --key, set DARKROOM_URL and DARKROOM_KEY, or use `darkroom login`; `npm start` runs one here',
    });
    expect(api.calls()).toEqual([]);
  });

  test('are not mixed: another address never gets the key of the local stack', async () => {
    const { api, directory, runProcess } = await darkroomContext();
    await writeReadyFile(directory, { url: 'http://127.0.0.1:1', apiKey: 'sk-local' });

    const { code, stderr } = await runProcess(generate, { DARKROOM_URL: api.url });

    expect(stderr).toBe('error: No API key: give --key, or set DARKROOM_KEY\n');
    expect(code).toBe(2);
    expect(api.calls()).toEqual([]);
  });

  test('are required', async () => {
    const { runProcess } = await darkroomContext();

    const { code, stderr } = await runProcess(generate, {});

    expect(stderr).toMatch(/^error: No API: give --url and --key.*`npm start` runs one here\n$/);
    expect(code).toBe(2);
  });

  test('are not guessed from a broken ready file', async () => {
    const { directory, runProcess } = await darkroomContext();
    await mkdir(join(directory, '.local'));
    await writeFile(join(directory, '.local', 'ready.json'), '{"url":');

    const { code, stderr } = await runProcess(generate, {});

    expect(stderr).toMatch(/^error: .*ready\.json is not a ready file of the local stack\n$/);
    expect(code).toBe(1);
  });
});

async function writeReadyFile(directory: string, ready: object): Promise<void> {
  await mkdir(join(directory, '.local'), { recursive: true });
  await writeFile(join(directory, '.local', 'ready.json'), JSON.stringify(ready));
}
