import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readSecret } from '../../cli/program/read-secret.ts';
import { errorReply } from './admin-responses.ts';
import { darkroomContext } from './darkroom-context.ts';
import type { FakeReplies } from './fake-api.ts';
import { creditsBody } from './task-responses.ts';

const credits = { 'GET /v1/credits': [{ body: creditsBody() }] };

/** The command with a folder for settings, and without DARKROOM_URL and DARKROOM_KEY. */
async function profilesContext(replies: FakeReplies['replies'] = credits) {
  const context = await darkroomContext({ replies });
  const configHome = join(context.directory, 'config');
  const file = join(configHome, 'darkroom', 'profiles.json');
  const env = { XDG_CONFIG_HOME: configHome };
  const run = (args: readonly string[], more: object = {}, key = 'sk-dr-typed\n') =>
    context.runInProcess(args, {
      env: Object.assign({}, env, more),
      readSecret: () => Promise.resolve(key.trim()),
    });
  const login = (name: string, key: string) =>
    run(['login', '--url', context.api.url, '--profile', name], {}, key);
  return {
    api: context.api,
    directory: context.directory,
    file,
    run,
    login,
    lastKey: () => context.api.calls().at(-1)?.headers.authorization,
  };
}

describe('darkroom login', () => {
  test('stores address and key where only the user can read them, and every command uses them', async () => {
    const { api, file, run, login, lastKey } = await profilesContext();

    const { code, printed } = await login('prod', 'sk-dr-secret');
    await run(['credits']);

    expect(printed).toBe(`stored as prod in ${file}; the account has 98.8 credits`);
    expect(code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      current: 'prod',
      profiles: { prod: { url: api.url, key: 'sk-dr-secret' } },
    });
    expect(lastKey()).toBe('Bearer sk-dr-secret');
  });

  test('stores nothing when the API refuses the key', async () => {
    const { file, login } = await profilesContext({
      'GET /v1/credits': [errorReply(401, 'unauthorized', 'The API key is not valid.')],
    });

    expect(await login('prod', 'sk-dr-wrong')).toMatchObject({ code: 6 });
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  test.each([
    ['no address', ['login'], 'No address'],
    ['an invalid address', ['login', '--url', 'ftp://x'], 'not an http(s) address'],
    [
      'a name with a path in it',
      ['login', '--url', 'http://x', '--profile', '../x'],
      'The name of',
    ],
    [
      'the name of a built-in property',
      ['login', '--url', 'http://x', '--profile', '__proto__'],
      'The name of',
    ],
  ])('asks for no key with %s', async (_, args, message) => {
    const { api, run } = await profilesContext();

    expect(await run(args)).toMatchObject({ code: 2, message: expect.stringContaining(message) });
    expect(api.calls()).toEqual([]);
  });

  test('says what to set when there is no folder for settings', async () => {
    const { api, run } = await profilesContext();

    expect(await run(['login', '--url', api.url], { XDG_CONFIG_HOME: 'relative' })).toMatchObject({
      code: 1,
      message: 'There is no folder for settings: set HOME or XDG_CONFIG_HOME',
    });
  });
});

describe('the profile that is used', () => {
  test.each([
    ['that of the last login', [], {}, 'sk-dr-two'],
    ['that of --profile', ['--profile', 'one'], {}, 'sk-dr-one'],
    ['that of DARKROOM_PROFILE', [], { DARKROOM_PROFILE: 'one' }, 'sk-dr-one'],
    [
      'that of --profile, also with DARKROOM_URL and DARKROOM_KEY',
      ['--profile', 'one'],
      { DARKROOM_URL: 'http://127.0.0.1:1', DARKROOM_KEY: 'sk-dr-env' },
      'sk-dr-one',
    ],
    ['none for a key in DARKROOM_KEY', [], { DARKROOM_KEY: 'sk-dr-env' }, 'sk-dr-env'],
    ['none for a key in --key', ['--key', 'sk-dr-option'], {}, 'sk-dr-option'],
  ])('is %s', async (_, args, env, key) => {
    const { run, login, lastKey } = await profilesContext();
    await login('one', 'sk-dr-one');
    await login('two', 'sk-dr-two');

    expect(await run(['credits', ...args], env)).toMatchObject({ code: 0 });
    expect(lastKey()).toBe(`Bearer ${key}`);
  });

  test.each([
    ['--url', ['--url', 'URL'], {}],
    ['DARKROOM_URL', [], { DARKROOM_URL: 'URL' }],
  ])('never gives its key to another address: %s', async (_, args, env) => {
    const { api, run, login } = await profilesContext();
    await login('one', 'sk-dr-one');
    const before = api.calls().length;
    const real = (text: string) => text.replace('URL', api.url);

    const { code, message } = await run(
      ['credits', ...args.map(real)],
      Object.fromEntries(Object.entries(env).map(([name, value]) => [name, real(value)])),
    );

    expect({ code, message }).toEqual({
      code: 2,
      message: 'No API key: give --key, or set DARKROOM_KEY',
    });
    expect(api.calls()).toHaveLength(before);
  });

  test('is not used when the folder has a local stack, unless the profile is named: nothing costs money by accident', async () => {
    const { api, directory, run, login, lastKey } = await profilesContext();
    await login('prod', 'sk-dr-prod');
    await mkdir(join(directory, '.local'));
    await writeFile(
      join(directory, '.local', 'ready.json'),
      JSON.stringify({ url: api.url, apiKey: 'sk-local' }),
    );

    await run(['credits']);
    expect(lastKey()).toBe('Bearer sk-local');
    await run(['credits', '--profile', 'prod']);
    expect(lastKey()).toBe('Bearer sk-dr-prod');
  });

  test('is refused when there is none of that name, or when others can read the file', async () => {
    const { file, run, login } = await profilesContext();
    await login('one', 'sk-dr-one');

    expect(await run(['credits', '--profile', 'constructor'])).toMatchObject({
      code: 2,
      message: 'There is no profile constructor; there are: one',
    });
    await chmod(file, 0o644);
    expect(await run(['credits'])).toMatchObject({
      code: 1,
      message: `${file} has keys in it, and others may read it: chmod 600 ${file}`,
    });
  });

  test('is refused when the file is broken', async () => {
    const { file, run } = await profilesContext();
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, '{"profiles":', { mode: 0o600 });

    expect(await run(['credits'])).toMatchObject({
      code: 1,
      message: `${file} is not a file of profiles: delete it and log in again`,
    });
  });
});

describe('darkroom profiles and logout', () => {
  test('list, choose and delete profiles, and never show a key', async () => {
    const { api, run, login } = await profilesContext();
    await login('one', 'sk-dr-secret-aaaa');
    await login('two', 'sk-dr-secret-bbbb');

    const listed = await run(['profiles', '--use', 'one']);
    const deleted = await run(['logout', '--profile', 'one']);
    const left = await run(['profiles', '--json']);

    expect(listed.printed).toBe(`one\t${api.url}\taaaa\tyes\ntwo\t${api.url}\tbbbb\t`);
    expect(deleted).toMatchObject({ code: 0, printed: 'the profile one is deleted' });
    expect(JSON.parse(left.printed)).toEqual([
      { name: 'two', url: api.url, ends: 'bbbb', current: false },
    ]);
    expect(await run(['credits'])).toMatchObject({ code: 2 });
    expect(await run(['logout', '--profile', 'one'])).toMatchObject({ code: 2 });
  });
});

describe('a secret', () => {
  const person = () => Object.assign(new PassThrough(), { isTTY: true });

  test('is typed without being shown, and may be corrected', async () => {
    const input = person();
    const shown: string[] = [];
    const typed = readSecret('API key: ', input, { write: (text) => shown.push(text) });

    input.write('sk-drx\x7f-secret\r');

    expect(await typed).toBe('sk-dr-secret');
    expect(shown.join('')).toBe('API key: \n');
  });

  test.each([
    ['Ctrl-C', '\x03', { exitCode: 130 }],
    ['Ctrl-D', '\x04', { exitCode: 2 }],
    ['an empty line', '\r', { exitCode: 2 }],
  ])('is not typed with %s', async (_, characters, error) => {
    const input = person();
    const typed = readSecret('API key: ', input, { write: () => undefined });

    input.write(characters);

    await expect(typed).rejects.toMatchObject(error);
  });

  test('is the first line of the piped input', async () => {
    const input = new PassThrough();
    input.end('sk-dr-piped\nrest');

    expect(await readSecret('API key: ', input, { write: () => undefined })).toBe('sk-dr-piped');
  });
});
