import { describe, expect, test } from 'vitest';
import { KeyPatch, KeyRequest, KeysQuery } from '../../../../functions/task/admin/key-request.ts';
import {
  changeKey,
  createKey,
  deleteKey,
  getKey,
  listKeys,
} from '../../../../functions/task/admin/keys.ts';
import { hashOfKey, keyIdOf } from '../../../../functions/task/api-key.ts';
import { identify } from '../../../../functions/task/identify.ts';
import { memoryActivity } from '../../../support/activity.ts';
import { memoryStore, settableClock } from '../../../support/fakes.ts';
import { keyOf, pending, sampleId, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../provider/upstream.ts';

const model = 'wan2.5-image-to-image';
const nothing = {
  ...{ expires_at: null, last_used_at: null, total_limit_credits: null },
  ...{ daily_limit_credits: null, allowed_models: null },
  ...{ used_credits: 0, reserved_credits: 0, daily_used_credits: 0 },
};

async function world() {
  const store = memoryStore();
  const { accounts, apiKeys: keys } = store;
  for (const account of ['studio', 'other']) {
    const limits = {};
    const secret = { webhookSecret: 'whsec_first', createdAt: sampleTime };
    await accounts.add({ account, userGroup: 'default', limits, ...secret });
  }
  const clock = settableClock(sampleTime);
  const activity = memoryActivity();
  const needs = { keys, accounts, activity, now: clock.now };
  return {
    ...{ store, clock, activity, get: getKey(needs), remove: deleteKey(needs) },
    create: (body: object = {}) =>
      createKey(needs)(KeyRequest.parse({ account: 'studio', name: 'website', ...body })),
    list: (query: object = {}) => listKeys(needs)(KeysQuery.parse({ account: 'studio', ...query })),
    change: (id: string, body: unknown) => changeKey(needs)(id, KeyPatch.parse(body)),
    who: (apiKey: string) =>
      identify({ keys: store.keys, now: clock.now, noteUse: async () => {} })(
        `Bearer ${apiKey}`,
        'generate',
      ),
  };
}

describe('a new key', () => {
  test('is shown in this answer, and opens the API', async () => {
    const { create, who } = await world();

    const { api_key: apiKey, ...shown } = await create();

    expect(shown).toEqual({
      ...{ object: 'api_key', id: keyIdOf(hashOfKey(apiKey)), account: 'studio', ...nothing },
      ...{ name: 'website', scopes: ['generate'], enabled: true, reset_timezone: 'UTC' },
      ...{ created: sampleTime / 1000, last_four: apiKey.slice(-4) },
    });
    expect(await who(apiKey)).toMatchObject({ keyId: shown.id, account: 'studio' });
  });

  test('is shown never again', async () => {
    const { create, get, list } = await world();

    const { api_key: apiKey, ...shown } = await create();

    expect(await get(shown.id)).toEqual(shown);
    expect((await list()).data).toEqual([shown]);
    expect(JSON.stringify([await get(shown.id), await list()])).not.toContain(apiKey);
  });

  test('has every limit it was made with', async () => {
    const { create, get } = await world();
    const wish = {
      ...{ scopes: ['generate', 'admin'], expires_at: sampleTime / 1000 + 60 },
      ...{ total_limit_credits: 100, daily_limit_credits: 1.2, allowed_models: [model] },
      reset_timezone: 'Asia/Shanghai',
    };

    const { id } = await create(wish);

    expect(await get(id)).toMatchObject(wish);
  });

  test('of an account that is not there is not made', async () => {
    const { create, store } = await world();

    expect(await thrownBy(create({ account: 'nobody' }))).toMatchObject({
      ...{ code: 'account_not_found', status: 404, param: 'account' },
    });
    expect((await store.apiKeys.list('nobody', { limit: 1 })).keys).toEqual([]);
  });
});

describe('the list of keys', () => {
  test('is of one account, the newest first, and goes on where its cursor says', async () => {
    const { create, list, clock } = await world();
    for (const name of ['one', 'two', 'three']) {
      await create({ name });
      clock.advance(1000);
    }
    await create({ account: 'other' });

    const first = await list({ limit: '2' });
    const second = await list({ limit: '2', cursor: first.next_cursor });

    expect(first.data.map(({ name }) => name)).toEqual(['three', 'two']);
    expect(second.data.map(({ name }) => name)).toEqual(['one']);
    expect(second.next_cursor).toBeNull();
  });

  test('says when each key was used last', async () => {
    const { create, list, activity, clock } = await world();
    const used = await create({ name: 'used' });
    await activity.noteUse(used.id, sampleTime + 1999);
    clock.advance(1);
    await create({ name: 'unused' });

    const { data } = await list();

    expect(data.map(({ name, last_used_at }) => [name, last_used_at])).toEqual([
      ['unused', null],
      ['used', sampleTime / 1000 + 1],
    ]);
  });

  test('of an account that is not there is no empty list', async () => {
    const { list } = await world();

    expect(await thrownBy(list({ account: 'nobody' }))).toMatchObject({
      ...{ code: 'account_not_found', message: 'There is no account nobody.' },
    });
  });
});

describe('a change', () => {
  const full = {
    ...{ scopes: ['generate'], expires_at: 1_900_000_000, total_limit_credits: 10 },
    ...{ daily_limit_credits: 5, allowed_models: [model], reset_timezone: 'Asia/Shanghai' },
  };

  test.each([
    { name: 'shop' },
    { enabled: false },
    { scopes: ['admin'] },
    { expires_at: 1 },
    { expires_at: null },
    { total_limit_credits: 0.001 },
    { total_limit_credits: null },
    { daily_limit_credits: 0 },
    { daily_limit_credits: null },
    { reset_timezone: 'Europe/Berlin' },
    { allowed_models: null },
    { name: 'shop', enabled: false, total_limit_credits: 7 },
  ])('to %j leaves everything else as it was', async (patch) => {
    const { create, get, change } = await world();
    const { api_key: _, ...before } = await create(full);

    const answer = await change(before.id, patch);

    expect(answer).toEqual({ ...before, ...patch });
    expect(await get(before.id)).toEqual(answer);
  });

  test('of a limit forgets nothing that was spent, and says when the key was used', async () => {
    const { store, change, activity } = await world();
    store.grant('default', 5000);
    await store.ledger.open(pending({ id: sampleId, n: 1, reserved: 1200 }));
    await activity.noteUse(keyOf('default'), sampleTime);

    expect(await change(keyOf('default'), { daily_limit_credits: 1.2 })).toMatchObject({
      ...{ reserved_credits: 1.2, daily_used_credits: 1.2, daily_limit_credits: 1.2 },
      last_used_at: sampleTime / 1000,
    });
  });

  test.each([
    ['switched off', { enabled: false }, 'KEY_DISABLED'],
    ['made to expire now', { expires_at: sampleTime / 1000 }, 'KEY_EXPIRED'],
    ['left without the scope', { scopes: ['admin'] }, 'permission_denied'],
  ])('a key that was %s opens nothing', async (_what, patch, code) => {
    const { create, change, who } = await world();
    const { id, api_key: apiKey } = await create();

    await change(id, patch);

    expect(await thrownBy(who(apiKey))).toMatchObject({ code });
  });
});

describe('a deleted key', () => {
  test('is no key any more', async () => {
    const { create, get, list, remove, who } = await world();
    const { id, api_key: apiKey } = await create();

    expect(await remove(id)).toEqual({ object: 'api_key', id, deleted: true });

    expect(await thrownBy(get(id))).toMatchObject({ code: 'key_not_found' });
    expect((await list()).data).toEqual([]);
    expect(await thrownBy(who(apiKey))).toMatchObject({ code: 'unauthorized' });
  });

  test('cannot be deleted again', async () => {
    const { create, remove } = await world();
    const { id } = await create();
    await remove(id);

    expect(await thrownBy(remove(id))).toMatchObject({ code: 'key_not_found' });
  });
});

test.each(['key-0000000000000000', '', 'key-1', `key-${'0'.repeat(3000)}`])(
  'a key %j is not there',
  async (id) => {
    const { get, change, remove } = await world();

    for (const deed of [() => get(id), () => change(id, { enabled: false }), () => remove(id)]) {
      expect(await thrownBy(deed())).toMatchObject({
        ...{ code: 'key_not_found', status: 404, param: 'key_id' },
        message: `There is no key ${id}.`,
      });
    }
  },
);

test('what cannot be the id of a key is not looked up', async () => {
  const { store, activity } = await world();
  const find = () => Promise.reject(new Error('the key is too long'));
  const get = getKey({ keys: { ...store.apiKeys, find }, activity, now: () => sampleTime });

  expect(await thrownBy(get('x'.repeat(3000)))).toMatchObject({ code: 'key_not_found' });
});
