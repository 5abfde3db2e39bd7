import { describe, expect, test } from 'vitest';
import { apiKey, refusal } from './admin-answers.ts';
import { darkroomWorld } from './darkroom-world.ts';

const json = (body: Buffer | undefined) => JSON.parse(String(body));

describe('the keys of an account', () => {
  const keys = [
    apiKey('key-3', { enabled: false, name: 'old\none' }),
    apiKey('key-2', { expires_at: 1_772_366_000, last_used_at: 1_772_365_800 }),
    apiKey('key-1', {
      ...{ scopes: ['generate', 'admin'], used_credits: 3.6, total_limit_credits: 100 },
      ...{ daily_used_credits: 1.2, daily_limit_credits: 10, expires_at: 1_780_000_000 },
    }),
  ];
  const listed = (all: readonly object[] = keys) =>
    darkroomWorld({ lists: { '/v1/admin/keys': all } });

  test('are a table on a terminal', async () => {
    const { give } = await listed();

    const { printed } = await give(['keys', 'list'], { isWatched: true });

    expect(printed.split('\n')).toEqual([
      'id     name     ends in  scopes          state     used  limit  today  daily limit  last used  expires',
      'key-3  old one  a1B2     generate        disabled     0      -      0            -          -  -',
      'key-2  website  a1B2     generate        expired      0      -      0            -     10 min  2026-03-01T11:53:20Z',
      'key-1  website  a1B2     generate,admin  enabled    3.6    100    1.2           10          -  2026-05-28T20:26:40Z',
    ]);
  });

  test('are a line each with tabs between the fields where no terminal is', async () => {
    const { api, give } = await listed();

    const { printed } = await give(['keys', 'list', '--account', 'studio']);

    expect(printed.split('\n')[1]).toBe(
      'key-2\twebsite\ta1B2\tgenerate\texpired\t0\t\t0\t\t2026-03-01T11:50:00Z\t2026-03-01T11:53:20Z',
    );
    expect(api.seen()[0]?.path).toBe('/v1/admin/keys?account=studio&limit=20');
  });

  test('are those of the default account unless another is named', async () => {
    const { api, give } = await listed();

    await give(['keys', 'list', '--limit', '5']);

    expect(api.seen()[0]?.path).toBe('/v1/admin/keys?account=default&limit=5');
  });

  test('all come with --all, whole in JSON', async () => {
    const many = Array.from({ length: 205 }, (_, index) => apiKey(`key-${index}`));
    const { api, give } = await listed(many);

    const { printed, remarks } = await give(['keys', 'list', '--all', '--json']);

    expect(JSON.parse(printed)).toEqual(many);
    expect(remarks).toBe('');
    expect(api.seen()).toHaveLength(3);
  });

  test.each([
    ['said on a terminal', true, 'no keys'],
    ['nothing elsewhere', false, ''],
  ])('that are not there are %s', async (_, isWatched, printed) => {
    const { give } = await listed([]);

    expect(await give(['keys', 'list'], { isWatched })).toMatchObject({ code: 0, printed });
  });
});

describe('a key', () => {
  test.each([
    ['disable', { enabled: false }, 'key-1 (website) is disabled'],
    ['enable', { enabled: true }, 'key-1 (website) is enabled'],
    ['rename', { name: 'shop' }, 'key-1 (shop) is enabled'],
  ])('can be changed: %s', async (deed, change, sentence) => {
    const { api, give } = await darkroomWorld({
      answers: { 'PATCH /v1/admin/keys/key-1': [{ body: apiKey('key-1', change) }] },
    });
    const args = ['keys', deed, 'key-1', ...('name' in change ? ['shop'] : [])];

    expect(await give(args)).toMatchObject({ code: 0, printed: sentence });
    expect(json(api.seen()[0]?.body)).toEqual(change);
    const { printed } = await give([...args, '--json']);
    expect(JSON.parse(printed)).toEqual(apiKey('key-1', change));
  });

  test('can be deleted', async () => {
    const answer = { object: 'api_key', id: 'key-1', deleted: true };
    const { give } = await darkroomWorld({
      answers: { 'DELETE /v1/admin/keys/key-1': [{ body: answer }] },
    });

    expect(await give(['keys', 'delete', 'key-1'])).toMatchObject({ printed: 'key-1 is deleted' });
    const { printed } = await give(['keys', 'delete', 'key-1', '--json']);
    expect(JSON.parse(printed)).toEqual(answer);
  });

  test('that does not exist is told in the words of the API', async () => {
    const { give } = await darkroomWorld({
      answers: {
        'PATCH /v1/admin/keys/key-1': [refusal(404, 'key_not_found', 'There is no key key-1.')],
      },
    });

    expect(await give(['keys', 'disable', 'key-1'])).toMatchObject({
      ...{ code: 1, message: 'There is no key key-1.' },
    });
  });

  test.each([['disable'], ['enable'], ['delete']])(
    'whose id leads elsewhere is not asked for: %s',
    async (deed) => {
      const { api, give } = await darkroomWorld();

      expect(await give(['keys', deed, '../accounts'])).toMatchObject({
        ...{ code: 2, message: expect.stringContaining('It must be the id of a key') },
      });
      expect(api.seen()).toEqual([]);
    },
  );
});
