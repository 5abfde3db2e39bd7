import { describe, expect, test } from 'vitest';
import { apiKey, refusal } from './admin-answers.ts';
import { darkroomWorld } from './darkroom-world.ts';

const create = ['keys', 'create', '--name', 'website'];
const made = apiKey('key-1', { api_key: 'sk-dr-secret' });
const making = (...replies: readonly (object | 'hang up')[]) =>
  darkroomWorld({
    answers: { 'POST /v1/admin/keys': replies.length > 0 ? replies : [{ body: made }] },
  });

const json = (body: Buffer | undefined) => JSON.parse(String(body));

describe('a new key', () => {
  test('is shown with the remark that it is shown once', async () => {
    const { run } = await making();

    const { code, stdout, stderr } = await run(create);

    expect(stdout.split('\n')).toEqual([
      'API key  sk-dr-secret',
      'key id   key-1',
      'account  studio',
      '',
      'The API key is shown this once: only its hash is kept. Put it where you keep secrets.',
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('is one of the default account that may generate, unless more is said', async () => {
    const { api, give } = await making();

    await give(create);

    expect(json(api.seen()[0]?.body)).toEqual({
      ...{ account: 'default', name: 'website', scopes: ['generate'] },
    });
  });

  test('is what was ordered, and JSON when asked for it', async () => {
    const { api, give } = await making();

    const { printed } = await give([
      ...[...create, '--account', 'studio', '--scope', 'generate', 'admin', '--expires', '30d'],
      ...['--total-limit', '100', '--daily-limit', '1.5', '--time-zone', 'Europe/Berlin'],
      ...['--model', 'wan2.5-image-to-image', '--model', 'other', '--json'],
    ]);

    expect(JSON.parse(printed)).toEqual(made);
    expect(json(api.seen()[0]?.body)).toEqual({
      ...{ account: 'studio', name: 'website', scopes: ['generate', 'admin'] },
      expires_at: 1_772_366_400 + 30 * 86_400,
      ...{ total_limit_credits: 100, daily_limit_credits: 1.5, reset_timezone: 'Europe/Berlin' },
      allowed_models: ['wan2.5-image-to-image', 'other'],
    });
  });

  test.each([
    ['a broken connection', 'hang up', 'Cannot reach '],
    ['a server in trouble', { status: 503, body: 'oops' }, '/v1/admin/keys answered 503'],
  ] as const)('is not made twice after %s, and where to look is told', async (_, reply, reason) => {
    const { api, give } = await making(reply);

    const { code, message } = await give(create);

    expect(message).toContain(reason);
    expect(message).toMatch(/; `darkroom keys list --account default` shows whether it is there$/);
    expect(code).toBe(1);
    expect(api.seen()).toHaveLength(1);
  });

  test('is made after a pause when there were too many requests', async () => {
    const tooMany = {
      ...refusal(429, 'rate_limit_exceeded', 'Too many requests.'),
      headers: { 'retry-after': '7' },
    };
    const { api, give, slept } = await making(tooMany, { body: made });

    expect(await give(create)).toMatchObject({ code: 0 });
    expect(api.seen()).toHaveLength(2);
    expect(slept).toEqual([7000]);
  });

  test('of no account is told in the words of the API', async () => {
    const { give } = await making(refusal(404, 'account_not_found', 'There is no account x.'));

    expect(await give([...create, '--account', 'x'])).toMatchObject({
      ...{ code: 1, message: 'There is no account x.' },
    });
  });

  test.each([
    [['keys', 'create'], "required option '--name <name>' not specified"],
    [[...create, '--scope', 'root'], 'Allowed choices are generate, admin.'],
    [[...create, '--account', '../keys'], 'It must be the id of an account'],
    [[...create, '--expires', '2025-01-31'], 'It must be a time to come, like 12h, 30d'],
    [[...create, '--daily-limit', '-1'], 'It must be a number like 100 or 1.2.'],
    [[...create, 'more'], 'too many arguments'],
  ])('is not asked for by wrong usage: %j', async (args, message) => {
    const { api, give } = await making();

    expect(await give(args)).toMatchObject({ code: 2, message: expect.stringContaining(message) });
    expect(api.seen()).toEqual([]);
  });
});
