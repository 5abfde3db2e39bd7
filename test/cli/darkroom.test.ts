import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { darkroomWorld } from './darkroom-world.ts';
import { taskId } from './fake-api.ts';

const generate = ['generate', 'photo.jpg', '--prompt', 'stars'];

describe('exit code 0', () => {
  test('comes with the file, the seconds and the credits, and the stages as plain lines', async () => {
    const { run, saved } = await darkroomWorld();

    const { code, stdout, stderr } = await run(generate);

    expect(stdout).toMatch(
      new RegExp(`^out/${taskId}-1\\.png {2}\\(\\d+\\.\\d s, 1\\.2 credits\\)\n$`),
    );
    expect(stderr).toBe('uploading\nsaving\n');
    expect(code).toBe(0);
    expect(await saved()).toEqual([`${taskId}-1.png`]);
  });

  test('comes with nothing but JSON on stdout when asked for it', async () => {
    const { run } = await darkroomWorld();

    const { code, stdout } = await run([...generate, '--json', '--out', 'here']);

    expect(JSON.parse(stdout)).toEqual({
      id: taskId,
      files: [`here/${taskId}-1.png`],
      seconds: expect.any(Number),
      credits: 1.2,
      missing: [],
    });
    expect(code).toBe(0);
  });

  test('comes with the reasons for what was not made', async () => {
    const { run } = await darkroomWorld({
      polls: [{ status: 'completed', result_errors: [{ message: 'The model slipped.' }] }],
    });

    const { code, stderr } = await run(generate);

    expect(stderr).toContain('not made: The model slipped.\n');
    expect(code).toBe(0);
  });

  test('comes with help', async () => {
    const { run } = await darkroomWorld();

    const { code, stdout } = await run(['generate', '--help']);

    expect(stdout).toContain('--prompt <text>');
    expect(code).toBe(0);
  });
});

describe('exit code 1', () => {
  test('comes with one line when the task fails', async () => {
    const { run } = await darkroomWorld({
      polls: [{ status: 'failed', error: { message: 'The picture\nis too small.' } }],
    });

    const { code, stdout, stderr } = await run(generate);

    expect(stderr).toBe('uploading\nerror: The picture is too small.\n');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});

describe('exit code 2', () => {
  test.each([
    ['an unknown command', ['paint'], "unknown command 'paint'"],
    ['an unknown option', [...generate, '--size', '1'], "unknown option '--size'"],
    [
      'a slip of the pen',
      [...generate, '--ot', 'x'],
      "unknown option '--ot' (Did you mean --out?)",
    ],
    ['no picture', ['generate', '--prompt', 'x'], "missing required argument 'picture'"],
    ['no prompt', ['generate', 'photo.jpg'], "required option '--prompt <text>' not specified"],
    ['too many', [...generate, '--n', '5'], 'It must be a whole number from 1 to 4.'],
    ['a strange address', [...generate, '--url', 'ftp://x'], 'ftp://x is not an http(s) address'],
    ['files and addresses', [...generate, 'https://example.com/a.png'], 'Give either files or'],
  ])('comes with one line for %s', async (_, args, message) => {
    const { api, run } = await darkroomWorld();

    const { code, stdout, stderr } = await run(args);

    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(api.seen()).toEqual([]);
  });

  test('comes with the help when nothing is asked for', async () => {
    const { run } = await darkroomWorld();

    const { code, stderr } = await run([]);

    expect(stderr).toMatch(/^Usage: darkroom/);
    expect(stderr).not.toContain('error');
    expect(code).toBe(2);
  });
});

describe('the API', () => {
  test('is the one of the options before the one of the environment', async () => {
    const { api, run } = await darkroomWorld();

    const { code } = await run([...generate, '--url', `${api.url}/`, '--key', 'sk-option'], {
      DARKROOM_URL: 'http://127.0.0.1:1',
      DARKROOM_KEY: 'sk-environment',
    });

    expect(code).toBe(0);
    expect(api.seen('/v1/images')[0]?.headers.authorization).toBe('Bearer sk-option');
  });

  test('is the local runtime of the directory when no other is named', async () => {
    const { api, directory, run } = await darkroomWorld();
    await mkdir(join(directory, '.local'));
    const ready = { url: api.url, apiKey: 'sk-local', adminKey: 'a', painter: 'p' };
    await writeFile(join(directory, '.local', 'ready.json'), JSON.stringify(ready));

    const { code } = await run(generate, {});

    expect(code).toBe(0);
    expect(api.seen('/v1/images')[0]?.headers.authorization).toBe('Bearer sk-local');
  });

  test('elsewhere never gets the key of the local runtime', async () => {
    const { api, directory, run } = await darkroomWorld();
    await mkdir(join(directory, '.local'));
    const ready = { url: 'http://127.0.0.1:1', apiKey: 'sk-local' };
    await writeFile(join(directory, '.local', 'ready.json'), JSON.stringify(ready));

    const { code, stderr } = await run(generate, { DARKROOM_URL: api.url });

    expect(stderr).toBe('error: No API key: give --key, or set DARKROOM_KEY\n');
    expect(code).toBe(2);
    expect(api.seen()).toEqual([]);
  });

  test('is asked for when there is none', async () => {
    const { run } = await darkroomWorld();

    const { code, stderr } = await run(generate, {});

    expect(stderr).toMatch(/^error: No API: give --url and --key/);
    expect(code).toBe(2);
  });

  test('is not guessed from a broken ready file', async () => {
    const { directory, run } = await darkroomWorld();
    await mkdir(join(directory, '.local'));
    await writeFile(join(directory, '.local', 'ready.json'), '{"url":');

    const { code, stderr } = await run(generate, {});

    expect(stderr).toMatch(/^error: .*ready\.json is not what the local runtime writes\n$/);
    expect(code).toBe(1);
  });
});
