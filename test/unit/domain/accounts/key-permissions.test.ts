import { describe, expect, test } from 'vitest';
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
import {
  type ApiKey,
  type Caller,
  hasScope,
  managedFields,
  type Scope,
  scopes,
} from '../../../../functions/domain/model/api-key.ts';
import { memoryActivity } from '../../../support/activity.ts';
import { memoryStore } from '../../../support/fakes.ts';
import { sampleAct, sampleCaller, sampleKey, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const model = 'wan2.5-image-to-image';
const own = 'key-00000000000000aa';
const target = 'key-00000000000000bb';

const manager: Caller = {
  ...sampleCaller,
  account: 'studio',
  keyId: own,
  scopes: ['manage'],
  expiresAt: 2_000_000_000_000,
  totalLimit: 10_000,
  dailyLimit: 1000,
  allowedModels: [model],
};
const admin: Caller = { ...sampleCaller, keyId: own, scopes: ['admin'] };

/** The account `studio` with the caller's own key, and one more with these properties. */
async function context(more: Partial<ApiKey> = {}) {
  const { accounts, apiKeys: keys } = memoryStore();
  for (const account of ['studio', 'other']) {
    const secret = { webhookSecret: 'whsec_first', createdAt: sampleTime };
    await accounts.add({ account, userGroup: 'default', limits: {}, ...secret });
  }
  await keys.add(sampleKey({ account: 'studio', keyId: own, scopes: ['manage'] }));
  await keys.add(sampleKey({ account: 'studio', keyId: target, managedFields, ...more }));
  const deps = { keys, accounts, activity: memoryActivity(), now: () => sampleTime };
  return {
    keys,
    create: (body: object, caller: Caller = manager) =>
      createKey(deps)(KeyRequest.parse({ name: 'web', ...body }), caller, sampleAct),
    change: (patch: object, caller: Caller = manager, id = target) =>
      changeKey(deps)(id, KeyPatch.parse(patch), caller, sampleAct),
    remove: (caller: Caller = manager, id = target) => deleteKey(deps)(id, caller, sampleAct),
    get: (caller: Caller = manager, id = target) => getKey(deps)(id, caller),
    list: (query: object = {}, caller: Caller = manager) =>
      listKeys(deps)(KeysQuery.parse(query), caller),
  };
}

test.each<[held: Scope, wanted: readonly Scope[]]>([
  ['read', ['read']],
  ['generate', ['read', 'generate']],
  ['manage', ['read', 'manage']],
  ['admin', ['read', 'manage', 'admin']],
])('the scope %s gives %j', (held, given) => {
  expect(scopes.filter((wanted) => hasScope([held], wanted))).toEqual(given);
});

describe('a key made with the scope manage', () => {
  test('belongs to the account of its maker, and has the limits that the request leaves out', async () => {
    expect(await (await context()).create({})).toMatchObject({
      account: 'studio',
      scopes: ['generate'],
      expires_at: 2_000_000_000,
      total_limit_credits: 10,
      daily_limit_credits: 1,
      allowed_models: [model],
    });
  });

  test.each([
    { scopes: ['read'] },
    { scopes: ['generate', 'read'] },
    { account: 'studio' },
    { expires_at: 2_000_000_000, total_limit_credits: 10, daily_limit_credits: 1 },
    { expires_at: 1, total_limit_credits: 0, daily_limit_credits: 0 },
    { allowed_models: [model], reset_timezone: 'Asia/Shanghai' },
  ])('may have %j', async (body) => {
    expect(await (await context()).create(body)).toMatchObject({ ...body, account: 'studio' });
  });

  test.each([
    ['scopes', { scopes: ['manage'] }],
    ['scopes', { scopes: ['admin'] }],
    ['scopes', { scopes: ['generate', 'manage'] }],
    ['expires_at', { expires_at: 2_000_000_001 }],
    ['total_limit_credits', { total_limit_credits: 10.001 }],
    ['daily_limit_credits', { daily_limit_credits: 1.001 }],
  ])('is refused above the %s of its maker: %j', async (param, body) => {
    const { create, list } = await context();

    expect(await thrownBy(create(body))).toMatchObject({
      code: 'permission_denied',
      status: 403,
      param,
    });
    expect((await list()).data).toHaveLength(2);
  });

  test('has no limit when its maker has none', async () => {
    const free = { ...manager, expiresAt: undefined, totalLimit: undefined };
    const { create } = await context();

    expect(await create({ expires_at: 9_999_999_999 }, free)).toMatchObject({
      expires_at: 9_999_999_999,
      total_limit_credits: null,
    });
  });

  test('may use no model that its maker may not use', async () => {
    const { create } = await context();
    const other = { ...manager, allowedModels: ['another-model'] };

    expect(await thrownBy(create({ allowed_models: [model] }, other))).toMatchObject({
      code: 'permission_denied',
      param: 'allowed_models',
    });
  });

  test('cannot belong to another account, as if that did not exist', async () => {
    const { create } = await context();

    for (const account of ['other', 'nobody']) {
      expect(await thrownBy(create({ account }))).toMatchObject({
        code: 'account_not_found',
        status: 404,
        message: `There is no account ${account}.`,
      });
    }
  });
});

describe('with the scope manage', () => {
  test.each([
    { name: 'renamed' },
    { enabled: false },
    { enabled: true },
    { scopes: ['read'] },
    { expires_at: 1_999_999_999 },
    { total_limit_credits: 9 },
    { daily_limit_credits: 0.5 },
    { reset_timezone: 'Europe/Berlin' },
    { allowed_models: [model] },
  ])('a key of the own account can be changed to %j', async (patch) => {
    expect(await (await context()).change(patch)).toMatchObject(patch);
  });

  const byOperator = { managedFields: undefined };
  test.each<[what: string, key: Partial<ApiKey>, patch: object, code: string, param: string]>([
    ['the scope manage', {}, { scopes: ['manage'] }, 'permission_denied', 'scopes'],
    ['the scope admin', {}, { scopes: ['read', 'admin'] }, 'permission_denied', 'scopes'],
    ['a later expiry', {}, { expires_at: 2_000_000_001 }, 'permission_denied', 'expires_at'],
    ['no expiry', {}, { expires_at: null }, 'permission_denied', 'expires_at'],
    [
      'a higher total limit',
      {},
      { total_limit_credits: 11 },
      'permission_denied',
      'total_limit_credits',
    ],
    [
      'no total limit',
      {},
      { total_limit_credits: null },
      'permission_denied',
      'total_limit_credits',
    ],
    [
      'a higher daily limit',
      {},
      { daily_limit_credits: 2 },
      'permission_denied',
      'daily_limit_credits',
    ],
    [
      'no daily limit',
      {},
      { daily_limit_credits: null },
      'permission_denied',
      'daily_limit_credits',
    ],
    ['all models', {}, { allowed_models: null }, 'permission_denied', 'allowed_models'],
    ['what the operator set', byOperator, { scopes: ['read'] }, 'permission_denied', 'scopes'],
    [
      'an expiry the operator set',
      byOperator,
      { expires_at: 1 },
      'permission_denied',
      'expires_at',
    ],
    [
      'a total limit the operator set',
      byOperator,
      { total_limit_credits: 0 },
      'permission_denied',
      'total_limit_credits',
    ],
    [
      'a daily limit the operator set',
      byOperator,
      { daily_limit_credits: 0 },
      'permission_denied',
      'daily_limit_credits',
    ],
    [
      'a time zone the operator set',
      byOperator,
      { reset_timezone: 'UTC' },
      'permission_denied',
      'reset_timezone',
    ],
    [
      'models the operator set',
      byOperator,
      { allowed_models: [model] },
      'permission_denied',
      'allowed_models',
    ],
    [
      'enabled, after the operator disabled it',
      { enabled: false, disabledByOperator: true },
      { enabled: true },
      'permission_denied',
      'enabled',
    ],
    [
      'anything, being a manage key',
      { scopes: ['manage'] },
      { name: 'x' },
      'permission_denied',
      'key_id',
    ],
    [
      'anything, being an admin key',
      { scopes: ['admin'] },
      { name: 'x' },
      'permission_denied',
      'key_id',
    ],
    [
      'anything, in another account',
      { account: 'other' },
      { name: 'x' },
      'key_not_found',
      'key_id',
    ],
  ])('a key cannot be given %s', async (_what, key, patch, code, param) => {
    const { change, keys } = await context(key);
    const before = await keys.find(target);

    expect(await thrownBy(change(patch))).toMatchObject({ code, param });
    expect(await keys.find(target)).toEqual(before);
  });

  test('a key that the operator made can be renamed, disabled, enabled and deleted', async () => {
    const { change, remove } = await context(byOperator);

    expect(await change({ name: 'renamed', enabled: false })).toMatchObject({ enabled: false });
    expect(await change({ enabled: true })).toMatchObject({ name: 'renamed', enabled: true });
    expect(await remove()).toMatchObject({ deleted: true });
  });

  test.each<[Partial<ApiKey>, string]>([
    [{ scopes: ['manage'] }, 'permission_denied'],
    [{ scopes: ['generate', 'admin'] }, 'permission_denied'],
    [{ account: 'other' }, 'key_not_found'],
  ])('a key with %j cannot be deleted', async (key, code) => {
    const { remove, keys } = await context(key);

    expect(await thrownBy(remove())).toMatchObject({ code, param: 'key_id' });
    expect(await keys.find(target)).toBeDefined();
  });

  test('keys of other accounts are neither read nor listed', async () => {
    const { get, list } = await context({ account: 'other' });

    expect(await thrownBy(get())).toMatchObject({ code: 'key_not_found', status: 404 });
    expect(await thrownBy(list({ account: 'other' }))).toMatchObject({ code: 'account_not_found' });
    expect((await list()).data.map(({ id }) => id)).toEqual([own]);
  });
});

describe.each([
  ['manage', manager],
  ['admin', admin],
])('the key that a caller with the scope %s calls with', (_scope, caller) => {
  test.each([
    { name: 'renamed' },
    { enabled: false },
    { scopes: ['read'] },
    { expires_at: 1 },
    { total_limit_credits: null },
  ])('cannot be changed to %j', async (patch) => {
    const { change, keys } = await context();
    const before = await keys.find(own);

    expect(await thrownBy(change(patch, caller, own))).toMatchObject({
      code: 'permission_denied',
      param: 'key_id',
      message: 'A key cannot change or delete itself: do it with another key.',
    });
    expect(await keys.find(own)).toEqual(before);
  });

  test('cannot be deleted', async () => {
    const { remove, keys } = await context();

    expect(await thrownBy(remove(caller, own))).toMatchObject({ code: 'permission_denied' });
    expect(await keys.find(own)).toBeDefined();
  });
});

describe('the operator', () => {
  test('changes every key of every account, and gives every scope', async () => {
    const { change, create, remove } = await context({ account: 'other', scopes: ['admin'] });

    expect(await change({ scopes: ['manage'] }, admin)).toMatchObject({ scopes: ['manage'] });
    expect(await create({ account: 'other', scopes: ['admin'] }, admin)).toMatchObject({
      account: 'other',
    });
    expect(await remove(admin)).toMatchObject({ deleted: true });
  });

  test('is the only one who may change a field again that he has changed, and the manager keeps all other fields', async () => {
    const { change } = await context();

    await change({ total_limit_credits: 50, enabled: false }, admin);

    expect(await thrownBy(change({ total_limit_credits: 5 }))).toMatchObject({
      param: 'total_limit_credits',
    });
    expect(await thrownBy(change({ enabled: true }))).toMatchObject({ param: 'enabled' });
    expect(await change({ daily_limit_credits: 0.5 })).toMatchObject({ daily_limit_credits: 0.5 });

    await change({ enabled: true }, admin);
    await change({ enabled: false });
    expect(await change({ enabled: true })).toMatchObject({ enabled: true });
  });

  test('in a session of the console can neither make an admin key nor restore its rights, but can disable and delete it', async () => {
    const session: Caller = { ...admin, isSession: true };
    const refused = { code: 'permission_denied', param: 'scopes' };
    const ofAdmin = await context({ scopes: ['admin'], enabled: false });
    const ofOther = await context({ scopes: ['generate'] });

    expect(
      await thrownBy(ofAdmin.create({ account: 'studio', scopes: ['admin'] }, session)),
    ).toMatchObject(refused);
    for (const patch of [{ enabled: true }, { expires_at: null }, { scopes: ['generate'] }]) {
      expect(await thrownBy(ofAdmin.change(patch, session)), `${patch}`).toMatchObject(refused);
    }
    expect(await thrownBy(ofOther.change({ scopes: ['admin'] }, session))).toMatchObject(refused);

    expect(await ofAdmin.change({ name: 'old', enabled: false }, session)).toMatchObject({
      name: 'old',
    });
    expect(await ofAdmin.remove(session)).toMatchObject({ deleted: true });
    const other = { account: 'studio', scopes: ['manage'] };
    expect(await ofOther.create(other, session)).toMatchObject({
      scopes: ['manage'],
    });
    expect(await ofOther.change({ total_limit_credits: 5 }, session)).toMatchObject({
      total_limit_credits: 5,
    });
  });

  test('who calls with AWS permissions acts as an admin of the account', () => {
    expect(operatorOf('studio')).toMatchObject({ account: 'studio', scopes: ['admin'] });
  });
});

test('a change is decided again when the operator was faster', async () => {
  const { keys, change } = await context();
  const { change: write } = keys;
  let isFirst = true;
  keys.change = async (id, changes, since) => {
    if (isFirst) {
      isFirst = false;
      await write(id, { managedFields: [] });
    }
    return write(id, changes, since);
  };

  expect(await thrownBy(change({ total_limit_credits: 5 }))).toMatchObject({
    code: 'permission_denied',
    param: 'total_limit_credits',
  });
});
