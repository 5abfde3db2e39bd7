import { describe, expect, test } from 'vitest';
import { apiKey, errorReply, keyId, secretKey } from './admin-responses.ts';
import { darkroomContext } from './darkroom-context.ts';

const create = ['keys', 'create', '--name', 'website'];
const created = apiKey(1, { api_key: secretKey });
const contextWithReplies = (...replies: readonly (object | 'hang up')[]) =>
  darkroomContext({
    replies: { 'POST /v1/admin/keys': replies.length > 0 ? replies : [{ body: created }] },
  });

const json = (body: Buffer | undefined) => JSON.parse(String(body));

describe('darkroom keys create', () => {
  test('prints the key and says that it is shown only once', async () => {
    const { run } = await contextWithReplies();

    const { code, stdout, stderr } = await run(create);

    expect(stdout.split('\n')).toEqual([
      `API key  ${secretKey}`,
      `key id   ${keyId(1)}`,
      'account  studio',
      '',
      'The API key is shown only this once: the server keeps nothing but its hash. Store it with your secrets.',
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('makes a key of the default account with the scope generate unless options say otherwise', async () => {
    const { api, runInProcess } = await contextWithReplies();

    await runInProcess(create);

    expect(json(api.calls()[0]?.body)).toEqual({
      name: 'website',
      scopes: ['generate'],
    });
  });

  test('makes a test key with --test', async () => {
    const { api, runInProcess } = await contextWithReplies();

    await runInProcess([...create, '--test']);

    expect(json(api.calls()[0]?.body)).toMatchObject({ mode: 'test' });
  });

  test('sends the given options, and prints the response with --json', async () => {
    const { api, runInProcess } = await contextWithReplies();

    const { printed } = await runInProcess([
      ...[...create, '--account', 'studio', '--scope', 'generate', 'admin', '--expires', '30d'],
      ...['--total-limit', '100', '--daily-limit', '1.5', '--time-zone', 'Europe/Berlin'],
      ...['--model', 'wan2.5-image-to-image', '--model', 'other', '--json'],
    ]);

    expect(JSON.parse(printed)).toEqual(created);
    expect(json(api.calls()[0]?.body)).toEqual({
      account: 'studio',
      name: 'website',
      scopes: ['generate', 'admin'],
      expires_at: 1_772_366_400 + 30 * 86_400,
      total_limit_credits: 100,
      daily_limit_credits: 1.5,
      reset_timezone: 'Europe/Berlin',
      allowed_models: ['wan2.5-image-to-image', 'other'],
    });
  });

  test.each([
    ['a broken connection', 'hang up', 'Cannot reach '],
    ['a server in trouble', { status: 503, body: 'oops' }, '/v1/admin/keys answered 503'],
  ] as const)(
    'does not repeat itself after %s, and says where to check',
    async (_, reply, reason) => {
      const { api, runInProcess } = await contextWithReplies(reply);

      const { code, message } = await runInProcess(create);

      expect(message).toContain(reason);
      expect(message).toMatch(/; `darkroom keys list` shows whether the key was made$/);
      expect(code).toBe(8);
      expect(api.calls()).toHaveLength(1);
    },
  );

  test('repeats itself after a 429, which means that no key was made', async () => {
    const tooMany = {
      ...errorReply(429, 'rate_limit_exceeded', 'Too many requests.'),
      headers: { 'retry-after': '7' },
    };
    const { api, runInProcess, pauses } = await contextWithReplies(tooMany, { body: created });

    expect(await runInProcess(create)).toMatchObject({ code: 0 });
    expect(api.calls()).toHaveLength(2);
    expect(pauses).toEqual([7000]);
  });

  test('reports an unknown account in the words of the API', async () => {
    const { runInProcess } = await contextWithReplies(
      errorReply(404, 'account_not_found', 'There is no account x.'),
    );

    expect(await runInProcess([...create, '--account', 'x'])).toMatchObject({
      code: 5,
      message: 'There is no account x.',
    });
  });

  test.each([
    [['keys', 'create'], "required option '--name <name>' not specified"],
    [[...create, '--scope', 'root'], 'Allowed choices are read, generate, manage, admin.'],
    [[...create, '--account', '../keys'], 'It must be the id of an account'],
    [[...create, '--expires', '2025-01-31'], 'It must be in the future, like 12h, 30d'],
    [[...create, '--daily-limit', '-1'], 'It must be a number like 100 or 1.2.'],
    [[...create, 'more'], 'too many arguments'],
  ])('calls nothing on wrong usage: %j', async (args, message) => {
    const { api, runInProcess } = await contextWithReplies();

    expect(await runInProcess(args)).toMatchObject({
      code: 2,
      message: expect.stringContaining(message),
    });
    expect(api.calls()).toEqual([]);
  });
});
