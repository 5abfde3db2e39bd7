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
      'id                    name     ends in  scopes          state     used  limit  today  daily limit  last used  expires',
      'key-0000000000000003  old one  a1B2     generate        disabled     0      -      -            -          -  -',
      'key-0000000000000002  website  a1B2     generate        expired      0      -      -            -     10 min  2026-03-01T11:53:20Z',
      'key-0000000000000001  website  a1B2     generate,admin  enabled    3.6    100    1.2           10          -  2026-05-28T20:26:40Z',
    ]);
  });

  test('prints a tab-separated line for each key elsewhere', async () => {
    const { api, runInProcess } = await contextWithKeys();

    const { printed } = await runInProcess(['keys', 'list', '--account', 'studio']);

    expect(printed.split('\n')[1]).toBe(
      'key-0000000000000002\twebsite\ta1B2\tgenerate\texpired\t0\t\t\t\t2026-03-01T11:50:00Z\t2026-03-01T11:53:20Z',
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

  test.each([['disable'], ['enable'], ['delete']])(
    '%s refuses an id with a path in it and calls nothing',
    async (action) => {
      const { api, runInProcess } = await darkroomContext();

      expect(await runInProcess(['keys', action, '../accounts'])).toMatchObject({
        code: 2,
        message: expect.stringContaining('It must be the id of a key'),
      });
      expect(api.calls()).toEqual([]);
    },
  );
});
