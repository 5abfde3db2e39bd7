import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { account, refusal } from './admin-answers.ts';
import { darkroomWorld } from './darkroom-world.ts';

const credits = {
  token: { remaining_credits: 0, unlimited_credits: true, used_credits: 0 },
  user: { remaining_credits: 1, used_credits: 0 },
};

/** A directory where the local runtime is at home. */
async function localWorld() {
  const world = await darkroomWorld({
    answers: { 'GET /v1/credits': [{ body: { data: credits } }] },
    lists: { '/v1/admin/accounts': [account('default')], '/v1/admin/keys': [] },
  });
  await mkdir(join(world.directory, '.local'));
  const write = (ready: object) =>
    writeFile(join(world.directory, '.local', 'ready.json'), JSON.stringify(ready));
  await write({ url: world.api.url, apiKey: 'sk-local', adminKey: 'sk-admin' });
  const lastKey = () => world.api.seen().at(-1)?.headers.authorization;
  return { ...world, write, lastKey };
}

describe('the key of the local runtime', () => {
  test.each([
    [['accounts', 'list'], 'sk-admin'],
    [['keys', 'list'], 'sk-admin'],
    [['credits'], 'sk-local'],
  ])('for %j is %s', async (args, key) => {
    const { give, lastKey } = await localWorld();

    expect(await give(args, { env: {} })).toMatchObject({ code: 0 });
    expect(lastKey()).toBe(`Bearer ${key}`);
  });

  test('is not taken when one was given', async () => {
    const { give, lastKey } = await localWorld();

    await give(['accounts', 'list'], { env: { DARKROOM_KEY: 'sk-mine' } });

    expect(lastKey()).toBe('Bearer sk-mine');
  });

  test('never goes elsewhere', async () => {
    const { api, give } = await localWorld();

    expect(await give(['accounts', 'list'], { env: { DARKROOM_URL: api.url } })).toMatchObject({
      ...{ code: 2, message: 'No API key: give --key, or set DARKROOM_KEY' },
    });
    expect(api.seen()).toEqual([]);
  });

  test('is asked for when there is none for the operator', async () => {
    const { api, give, write } = await localWorld();
    await write({ url: api.url, apiKey: 'sk-local' });

    expect(await give(['accounts', 'list'], { env: {} })).toMatchObject({ code: 2 });
    expect(api.seen()).toEqual([]);
  });
});

test('whoever lacks the admin key is told so', async () => {
  const no = refusal(403, 'permission_denied', 'This key lacks the scope admin.');
  const { give } = await darkroomWorld({ answers: { 'POST /v1/admin/keys': [no] } });

  expect(await give(['keys', 'create', '--name', 'x'])).toMatchObject({
    ...{ code: 1, message: 'This takes an admin key: give it with --key or in DARKROOM_KEY' },
  });
});

test('a key that may not spend is told in the words of the API', async () => {
  const no = refusal(403, 'permission_denied', 'This key lacks the scope generate.');
  const { give } = await darkroomWorld({ answers: { 'GET /v1/credits': [no] } });

  expect(await give(['credits'])).toMatchObject({
    ...{ code: 1, message: 'This key lacks the scope generate.' },
  });
});

test.each(['keys', 'accounts'])('%s alone shows what there is', async (group) => {
  const { run } = await darkroomWorld();

  const { code, stderr } = await run([group]);

  expect(stderr).toMatch(new RegExp(`^Usage: darkroom ${group}`));
  expect(stderr).not.toContain('error');
  expect(code).toBe(2);
});
