import { describe, expect, test } from 'vitest';
import { apiKey, errorReply, keyId } from './admin-responses.ts';
import { darkroomContext } from './darkroom-context.ts';

const json = (body: Buffer | undefined) => JSON.parse(String(body));

describe('darkroom keys list', () => {
  const keys = [
    apiKey(3, { enabled: false, name: 'old\none' }),
    apiKey(2, { expires_at: 1_772_366_000, last_used_at: 1_772_365_800 }),
    apiKey(1, {
      scopes: ['generate', 'admin'],
      used_credits: 3.6,
      total_limit_credits: 100,
      daily_used_credits: 1.2,
      daily_limit_credits: 10,
      expires_at: 1_780_000_000,
    }),
  ];
  const contextWithKeys = (all: readonly object[] = keys) =>
    darkroomContext({ lists: { '/v1/admin/keys': all } });

  test('prints a table on a terminal', async () => {
    const { runInProcess } = await contextWithKeys();

    const { printed } = await runInProcess(['keys', 'list'], { isInteractive: true });

    expect(printed.split('\n')).toEqual([
      'id                    name     ends in  scopes          state     used  limit  today  daily limit  last used  expires               mode',
      'key-0000000000000003  old one  a1B2     generate        disabled     0      -      -            -          -  -                     live',
      'key-0000000000000002  website  a1B2     generate        expired      0      -      -            -     10 min  2026-03-01T11:53:20Z  live',
      'key-0000000000000001  website  a1B2     generate,admin  enabled    3.6    100    1.2           10          -  2026-05-28T20:26:40Z  live',
    ]);
  });

  test('prints a tab-separated line for each key elsewhere', async () => {
    const { api, runInProcess } = await contextWithKeys();

    const { printed } = await runInProcess(['keys', 'list', '--account', 'studio']);

    expect(printed.split('\n')[1]).toBe(
      'key-0000000000000002\twebsite\ta1B2\tgenerate\texpired\t0\t\t\t\t2026-03-01T11:50:00Z\t2026-03-01T11:53:20Z\tlive',
    );
    expect(api.calls()[0]?.path).toBe('/v1/admin/keys?account=studio&limit=20');
  });

  test('lists the account of the key it calls with unless another is given', async () => {
    const { api, runInProcess } = await contextWithKeys();

    await runInProcess(['keys', 'list', '--limit', '5']);

    expect(api.calls()[0]?.path).toBe('/v1/admin/keys?limit=5');
  });

  test('lists all keys with --all, whole with --json', async () => {
    const many = Array.from({ length: 205 }, (_, index) => apiKey(index));
    const { api, runInProcess } = await contextWithKeys(many);

    const { printed, notes } = await runInProcess(['keys', 'list', '--all', '--json']);

    expect(JSON.parse(printed)).toEqual(many);
    expect(notes).toBe('');
    expect(api.calls()).toHaveLength(3);
  });

  test.each([
    ['a sentence on a terminal', true, 'no keys'],
    ['nothing elsewhere', false, ''],
  ])('prints for an empty list %s', async (_, isInteractive, printed) => {
    const { runInProcess } = await contextWithKeys([]);

    expect(await runInProcess(['keys', 'list'], { isInteractive })).toMatchObject({
      code: 0,
      printed,
    });
  });
});

describe('darkroom keys', () => {
  test.each([
    ['disable', { enabled: false }, `${keyId(1)} (website) is disabled`],
    ['enable', { enabled: true }, `${keyId(1)} (website) is enabled`],
    ['rename', { name: 'shop' }, `${keyId(1)} (shop) is enabled`],
  ])('%s changes the key and prints its state', async (action, change, sentence) => {
    const { api, runInProcess } = await darkroomContext({
      replies: { [`PATCH /v1/admin/keys/${keyId(1)}`]: [{ body: apiKey(1, change) }] },
    });
    const args = ['keys', action, keyId(1), ...('name' in change ? ['shop'] : [])];

    expect(await runInProcess(args)).toMatchObject({ code: 0, printed: sentence });
    expect(json(api.calls()[0]?.body)).toEqual(change);
    const { printed } = await runInProcess([...args, '--json']);
    expect(JSON.parse(printed)).toEqual(apiKey(1, change));
  });

  test('delete deletes the key', async () => {
    const response = { object: 'api_key', id: keyId(1), deleted: true };
    const { runInProcess } = await darkroomContext({
      replies: { [`DELETE /v1/admin/keys/${keyId(1)}`]: [{ body: response }] },
    });

    expect(await runInProcess(['keys', 'delete', keyId(1)])).toMatchObject({
      printed: `${keyId(1)} is deleted`,
    });
    const { printed } = await runInProcess(['keys', 'delete', keyId(1), '--json']);
    expect(JSON.parse(printed)).toEqual(response);
  });

  test('disable reports an unknown key in the words of the API', async () => {
    const { runInProcess } = await darkroomContext({
      replies: {
        [`PATCH /v1/admin/keys/${keyId(1)}`]: [
          errorReply(404, 'key_not_found', 'There is no such key.'),
        ],
      },
    });

    expect(await runInProcess(['keys', 'disable', keyId(1)])).toMatchObject({
      code: 5,
      message: 'There is no such key.',
    });
  });

  test.each([['disable'], ['enable'], ['delete'], ['limits']])(
    '%s reads an argument that is no id as a name, also a path, and changes nothing when no key has that name',
    async (action) => {
      const { api, runInProcess } = await darkroomContext({
        lists: { '/v1/admin/keys': [apiKey(1)] },
      });

      expect(await runInProcess(['keys', action, '../accounts'])).toMatchObject({
        code: 5,
        message:
          'No key of the account of your key is called ../accounts: `darkroom keys list` shows them',
      });
      expect(api.calls().map(({ method, path }) => `${method} ${path}`)).toEqual([
        'GET /v1/admin/keys?limit=100',
      ]);
    },
  );
});

describe('the name of a key', () => {
  const many = Array.from({ length: 130 }, (_, index) => apiKey(index, { name: `key ${index}` }));

  test('stands for the key when no other key of the account has it, on any page of the list', async () => {
    const { api, runInProcess } = await darkroomContext({
      lists: { '/v1/admin/keys': many },
      replies: { [`PATCH /v1/admin/keys/${keyId(120)}`]: [{ body: apiKey(120) }] },
    });

    const { code } = await runInProcess(['keys', 'disable', 'key 120', '--account', 'studio']);

    expect(code).toBe(0);
    expect(api.calls().map(({ method }) => method)).toEqual(['GET', 'GET', 'PATCH']);
    expect(api.calls()[1]?.path).toContain('account=studio');
  });

  test('is refused with a list of the keys that have it when there are several', async () => {
    const { api, runInProcess } = await darkroomContext({
      lists: {
        '/v1/admin/keys': [apiKey(1, { name: 'web' }), ...many, apiKey(2, { name: 'web' })],
      },
    });

    const { code, message } = await runInProcess(['keys', 'delete', 'web']);

    expect(code).toBe(2);
    expect(message).toMatch(/^2 keys are called web: /);
    expect(message).toContain(`${keyId(1)} (made 2026-03-01T11:00:00Z, ends in a1B2)`);
    expect(message).toContain(keyId(2));
    expect(api.calls().filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});

describe('darkroom keys limits', () => {
  test('shows the limits of a key', async () => {
    const key = apiKey(1, { total_limit_credits: 100, used_credits: 2.4 });
    const { runInProcess } = await darkroomContext({
      replies: { [`GET /v1/admin/keys/${keyId(1)}`]: [{ body: key }] },
    });

    const { printed } = await runInProcess(['keys', 'limits', keyId(1)]);

    expect(printed.split('\n')).toEqual([
      `key      ${keyId(1)} (website)`,
      'in all   2.4 of 100 used',
      'today    0 used, no limit (UTC)',
      'models   all',
      'scopes   generate',
      'expires  never',
    ]);
  });

  test.each([
    [['--total-limit', '50'], { total_limit_credits: 50 }],
    [['--daily-limit', 'none'], { daily_limit_credits: null }],
    [['--expires', 'none'], { expires_at: null }],
    [['--time-zone', 'Europe/Berlin'], { reset_timezone: 'Europe/Berlin' }],
    [['--model', 'a', 'b'], { allowed_models: ['a', 'b'] }],
    [['--model', 'all'], { allowed_models: null }],
    [['--scope', 'read'], { scopes: ['read'] }],
  ])('changes what is given, and nothing else: %j', async (args, change) => {
    const path = `/v1/admin/keys/${keyId(1)}`;
    const { api, runInProcess } = await darkroomContext({
      replies: { [`PATCH ${path}`]: [{ body: apiKey(1) }] },
    });

    const { code } = await runInProcess(['keys', 'limits', keyId(1), ...args]);

    expect(code).toBe(0);
    expect(api.calls().map(({ body }) => JSON.parse(String(body)))).toEqual([change]);
  });
});
