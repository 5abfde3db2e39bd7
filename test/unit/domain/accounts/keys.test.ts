import { describe, expect, test } from 'vitest';
import { authenticate } from '../../../../functions/domain/accounts/authenticate.ts';
import { operatorOf } from '../../../../functions/domain/accounts/key-permissions.ts';
import {
  KeyPatch,
  KeyRequest,
  KeysQuery,
} from '../../../../functions/domain/accounts/key-request.ts';
import {
  changeKey,
  createKey,
  deleteKey,
  getKey,
  listKeys,
} from '../../../../functions/domain/accounts/keys.ts';
import { hashOfKey, keyIdOf } from '../../../../functions/domain/model/api-key.ts';
import { memoryActivity } from '../../../support/activity.ts';
import { memoryStore, settableClock } from '../../../support/fakes.ts';
import { omit } from '../../../support/omit.ts';
import {
  keyOf,
  pending,
  sampleAct,
  sampleCaller,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const operator = operatorOf('default');
const model = 'wan2.5-image-to-image';
const nothing = {
  expires_at: null,
  last_used_at: null,
  total_limit_credits: null,
  daily_limit_credits: null,
  allowed_models: null,
  used_credits: 0,
  reserved_credits: 0,
  daily_used_credits: null,
};

async function context() {
  const store = memoryStore();
  const { accounts, apiKeys: keys } = store;
  for (const account of ['studio', 'other']) {
    const limits = {};
    const secret = { webhookSecret: 'whsec_first', createdAt: sampleTime };
    await accounts.add({ account, userGroup: 'default', limits, ...secret });
  }
  const clock = settableClock(sampleTime);
  const activity = memoryActivity();
  const deps = { keys, accounts, activity, now: clock.now };
  return {
    store,
    clock,
    activity,
    get: (id: string) => getKey(deps)(id, operator),
    remove: (id: string) => deleteKey(deps)(id, operator, sampleAct),
    create: (body: object = {}) =>
      createKey(deps)(
        KeyRequest.parse({ account: 'studio', name: 'website', ...body }),
        operator,
        sampleAct,
      ),
    list: (query: object = {}) =>
      listKeys(deps)(KeysQuery.parse({ account: 'studio', ...query }), operator),
    change: (id: string, body: unknown) =>
      changeKey(deps)(id, KeyPatch.parse(body), operator, sampleAct),
    who: (apiKey: string) =>
      authenticate({
        keys: store.keys,
        now: clock.now,
        touchLastUsed: async () => {},
        continueSession: async () => true,
      })(`Bearer ${apiKey}`, 'generate'),
  };
}

describe('a new key', () => {
  test('is returned in this response, and authenticates at the API', async () => {
    const { create, who } = await context();

    const { api_key: apiKey, ...shown } = await create();

    expect(shown).toEqual({
      object: 'api_key',
      id: keyIdOf(hashOfKey(apiKey)),
      account: 'studio',
      mode: 'live',
      ...nothing,
      name: 'website',
      is_session: false,
      scopes: ['generate'],
      enabled: true,
      reset_timezone: 'UTC',
      created: sampleTime / 1000,
      last_four: apiKey.slice(-4),
    });
    expect(await who(apiKey)).toMatchObject({ keyId: shown.id, account: 'studio' });
  });

  test('is never shown again', async () => {
    const { create, get, list } = await context();

    const { api_key: apiKey, ...shown } = await create();

    expect(await get(shown.id)).toEqual(shown);
    expect((await list()).data).toEqual([shown]);
    expect(JSON.stringify([await get(shown.id), await list()])).not.toContain(apiKey);
  });

  test('has every limit of its request', async () => {
    const { create, get } = await context();
    const request = {
      scopes: ['generate', 'admin'],
      expires_at: sampleTime / 1000 + 60,
      total_limit_credits: 100,
      daily_limit_credits: 1.2,
      allowed_models: [model],
      reset_timezone: 'Asia/Shanghai',
    };

    const { id } = await create(request);

    expect(await get(id)).toMatchObject(request);
  });

  test('of an unknown account is not created', async () => {
    const { create, store } = await context();

    expect(await thrownBy(create({ account: 'nobody' }))).toMatchObject({
      code: 'account_not_found',
      status: 404,
      param: 'account',
    });
    expect((await store.apiKeys.list('nobody', { limit: 1 })).keys).toEqual([]);
  });
});

describe('the list of keys', () => {
  test('is of one account, the newest first, and continues after its cursor', async () => {
    const { create, list, clock } = await context();
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
    const { create, list, activity, clock } = await context();
    const used = await create({ name: 'used' });
    await activity.touchLastUsed(used.id, sampleTime + 1999);
    clock.advance(1);
    await create({ name: 'unused' });

    const { data } = await list();

    expect(data.map(({ name, last_used_at }) => [name, last_used_at])).toEqual([
      ['unused', null],
      ['used', sampleTime / 1000 + 1],
    ]);
  });

  test('of an unknown account is an error and not an empty list', async () => {
    const { list } = await context();

    expect(await thrownBy(list({ account: 'nobody' }))).toMatchObject({
      code: 'account_not_found',
      message: 'There is no account nobody.',
    });
  });
});

describe('a change', () => {
  const full = {
    scopes: ['generate'],
    expires_at: 1_900_000_000,
    total_limit_credits: 10,
    daily_limit_credits: 5,
    allowed_models: [model],
    reset_timezone: 'Asia/Shanghai',
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
  ])('to %j leaves all other fields unchanged', async (patch) => {
    const { create, get, change } = await context();
    const before = omit(await create(full), 'api_key');

    const response = await change(before.id, patch);

    // Without a daily limit nothing is counted for it.
    const daily = 'daily_limit_credits' in patch && patch.daily_limit_credits === null;
    const counted = daily && { daily_used_credits: null };
    expect(response).toEqual({ ...before, ...patch, ...counted });
    expect(await get(before.id)).toEqual(response);
  });

  test('of a limit keeps the spending, and shows when the key was used', async () => {
    const { store, change, activity } = await context();
    store.grant('default', 5000);
    await store.ledger.reserve(pending({ id: sampleId, n: 1, reserved: 1200 }), sampleCaller);
    await activity.touchLastUsed(keyOf('default'), sampleTime);

    expect(await change(keyOf('default'), { daily_limit_credits: 1.2 })).toMatchObject({
      reserved_credits: 1.2,
      daily_used_credits: 1.2,
      daily_limit_credits: 1.2,
      last_used_at: sampleTime / 1000,
    });
  });

  test.each([
    ['disabled', { enabled: false }, 'KEY_DISABLED'],
    ['made to expire now', { expires_at: sampleTime / 1000 }, 'KEY_EXPIRED'],
    ['left without the scope', { scopes: ['admin'] }, 'permission_denied'],
  ])('a key that was %s is rejected', async (_what, patch, code) => {
    const { create, change, who } = await context();
    const { id, api_key: apiKey } = await create();

    await change(id, patch);

    expect(await thrownBy(who(apiKey))).toMatchObject({ code });
  });
});

describe('a deleted key', () => {
  test('is not found any more', async () => {
    const { create, get, list, remove, who } = await context();
    const { id, api_key: apiKey } = await create();

    expect(await remove(id)).toEqual({ object: 'api_key', id, deleted: true });

    expect(await thrownBy(get(id))).toMatchObject({ code: 'key_not_found' });
    expect((await list()).data).toEqual([]);
    expect(await thrownBy(who(apiKey))).toMatchObject({ code: 'unauthorized' });
  });

  test('cannot be deleted again', async () => {
    const { create, remove } = await context();
    const { id } = await create();
    await remove(id);

    expect(await thrownBy(remove(id))).toMatchObject({ code: 'key_not_found' });
  });
});

test.each(['key-0000000000000000', '', 'key-1', `key-${'0'.repeat(3000)}`])(
  'a key %j is not found',
  async (id) => {
    const { get, change, remove } = await context();

    for (const operation of [
      () => get(id),
      () => change(id, { enabled: false }),
      () => remove(id),
    ]) {
      expect(await thrownBy(operation())).toMatchObject({
        code: 'key_not_found',
        status: 404,
        param: 'key_id',
        message: `There is no key ${id}.`,
      });
    }
  },
);

test('a text that cannot be the id of a key is not looked up', async () => {
  const { store, activity } = await context();
  const find = () => Promise.reject(new Error('the key is too long'));
  const get = getKey({ keys: { ...store.apiKeys, find }, activity });

  expect(await thrownBy(get('x'.repeat(3000), operator))).toMatchObject({ code: 'key_not_found' });
});
