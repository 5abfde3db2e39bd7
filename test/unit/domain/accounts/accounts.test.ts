import { describe, expect, test } from 'vitest';
import {
  AccountPatch,
  AccountRequest,
  AccountsQuery,
  EntriesQuery,
  RotationRequest,
} from '../../../../functions/domain/accounts/account-request.ts';
import {
  changeAccount,
  createAccount,
  getAccount,
  listAccounts,
  listEntries,
  rotateSecret,
} from '../../../../functions/domain/accounts/accounts.ts';
import { memoryStore, settableClock } from '../../../support/fakes.ts';
import { sampleAct, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const hour = 3_600_000;
const studio = {
  object: 'account',
  id: 'studio',
  user_group: 'default',
  created: sampleTime / 1000,
  credits: { granted: 0, balance: 0, reserved: 0, used: 0 },
  limits: { requests_per_minute: 300, tasks_in_flight: 2000 },
  tasks_in_flight: 0,
  enabled: true,
  daily_budget_credits: null,
  stop_at_budget: false,
};

function context() {
  const { accounts, ledger } = memoryStore();
  const clock = settableClock(sampleTime);
  const deps = { accounts, now: clock.now };
  return {
    accounts,
    clock,
    get: getAccount(deps),
    create: (body: unknown) => createAccount(deps)(AccountRequest.parse(body), sampleAct),
    list: (query: unknown = {}) => listAccounts(deps)(AccountsQuery.parse(query)),
    change: (id: string, body: unknown) =>
      changeAccount(deps)(id, AccountPatch.parse(body), { account: 'operators' }, sampleAct),
    entries: (id: string, query: unknown = {}) => listEntries(deps)(id, EntriesQuery.parse(query)),
    rotate: (id: string, body: unknown = {}) =>
      rotateSecret(deps)(id, RotationRequest.parse(body), sampleAct),
    grant: (account: string, amount: number) => ledger.credit({ account, amount, at: sampleTime }),
  };
}

describe('a new account', () => {
  test('is returned with its webhook secret, which is never shown again', async () => {
    const { create, get, list, accounts } = context();

    const { webhook_secret, ...shown } = await create({ id: 'studio' });

    expect(shown).toEqual(studio);
    expect(webhook_secret).toMatch(/^whsec_/);
    expect(await accounts.secrets('studio')).toEqual({ newest: webhook_secret });
    expect(JSON.stringify([await get('studio'), await list()])).not.toContain('whsec_');
  });

  test('has the group and the limits of its request', async () => {
    const { create, get } = context();

    await create({ id: 'studio', user_group: 'vip', limits: { requests_per_minute: 7 } });

    expect(await get('studio')).toEqual({
      ...studio,
      user_group: 'vip',
      limits: { requests_per_minute: 7, tasks_in_flight: 2000 },
    });
  });

  test('with a name that is taken is rejected, and nothing changes', async () => {
    const { create, get, accounts } = context();
    const { webhook_secret } = await create({ id: 'studio' });

    const thrown = await thrownBy(create({ id: 'studio', user_group: 'vip' }));

    expect(thrown).toMatchObject({
      code: 'account_exists',
      status: 409,
      param: 'id',
      message: 'There is an account studio already.',
    });
    expect(await get('studio')).toEqual(studio);
    expect(await accounts.secrets('studio')).toEqual({ newest: webhook_secret });
  });
});

describe('the list of accounts', () => {
  test('is empty before there is one', async () => {
    expect(await context().list()).toEqual({ object: 'list', data: [], next_cursor: null });
  });

  test('is sorted by name and continues after its cursor', async () => {
    const { create, list } = context();
    for (const id of ['c', 'a', 'b']) await create({ id });

    const first = await list({ limit: '2' });
    const second = await list({ limit: '2', cursor: first.next_cursor });

    expect(first.data.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(second.data.map(({ id }) => id)).toEqual(['c']);
    expect(second.next_cursor).toBeNull();
  });
});

describe('a change', () => {
  const full = { user_group: 'vip', limits: { requests_per_minute: 7, tasks_in_flight: 8 } };

  test.each([
    [{ user_group: 'staff' }, { user_group: 'staff' }],
    [
      { limits: { tasks_in_flight: 9 } },
      { limits: { requests_per_minute: 7, tasks_in_flight: 9 } },
    ],
    [
      { limits: { requests_per_minute: null } },
      { limits: { requests_per_minute: 300, tasks_in_flight: 8 } },
    ],
    [
      { limits: { requests_per_minute: null, tasks_in_flight: null } },
      { limits: { requests_per_minute: 300, tasks_in_flight: 2000 } },
    ],
    [{ enabled: false }, { enabled: false }],
    [{ daily_budget_credits: 50.5 }, { daily_budget_credits: 50.5 }],
    [
      { daily_budget_credits: 50, stop_at_budget: true },
      { daily_budget_credits: 50, stop_at_budget: true },
    ],
    [{ daily_budget_credits: null }, {}],
  ])('to %j leaves all other fields unchanged', async (patch, changed) => {
    const { create, get, grant, change } = context();
    await create({ id: 'studio', ...full });
    await grant('studio', 5000);
    const before = await get('studio');

    const response = await change('studio', patch);

    expect(response).toEqual({ ...before, ...changed });
    expect(await get('studio')).toEqual(response);
  });
});

test('an account that was disabled can be enabled again, and nobody can disable the account of his own key', async () => {
  const { create, change } = context();
  for (const id of ['studio', 'operators']) await create({ id });
  await change('studio', { enabled: false });

  expect(await change('studio', { enabled: true })).toEqual(studio);
  expect(await thrownBy(change('operators', { enabled: false }))).toMatchObject({
    code: 'permission_denied',
    param: 'account',
  });
  expect(await change('operators', { enabled: true })).toMatchObject({ enabled: true });
});

describe('the entries', () => {
  test('come the newest first, a page at a time, and of this account only', async () => {
    const { create, grant, entries } = context();
    for (const id of ['studio', 'other']) await create({ id });
    for (const amount of [1000, 2000, -500]) await grant('studio', amount);
    await grant('other', 7000);

    const first = await entries('studio', { limit: '2' });
    const second = await entries('studio', { limit: '2', cursor: first.next_cursor });

    expect(first.data).toMatchObject([
      { kind: 'withdraw', amount_credits: -0.5, balance_credits: 2.5 },
      { kind: 'grant', amount_credits: 2, balance_credits: 3 },
    ]);
    expect(second).toMatchObject({
      data: [{ kind: 'grant', amount_credits: 1, balance_credits: 1 }],
      next_cursor: null,
    });
  });

  test('of an account without entries are an empty page', async () => {
    const { create, entries } = context();
    await create({ id: 'studio' });

    expect(await entries('studio')).toEqual({ object: 'list', data: [], next_cursor: null });
  });
});

describe('a new webhook secret', () => {
  test.each([
    [{}, 24],
    [{ overlap_hours: 0 }, 0],
    [{ overlap_hours: 0.5 }, 0.5],
    [{ overlap_hours: 168 }, 168],
  ])('requested with %j keeps the previous one valid for %d hours', async (body, hours) => {
    const { create, rotate, accounts, clock } = context();
    const { webhook_secret: previous } = await create({ id: 'studio' });
    clock.advance(1);

    const response = await rotate('studio', body);

    const until = sampleTime + 1 + hours * hour;
    expect(response).toEqual({
      object: 'webhook_secret',
      account: 'studio',
      webhook_secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
      previous_valid_until: Math.floor(until / 1000),
    });
    expect(response.webhook_secret).not.toBe(previous);
    expect(await accounts.secrets('studio')).toEqual({
      newest: response.webhook_secret,
      previous: { secret: previous, until },
    });
  });
});

test.each(['nobody', '', 'Studio', 'x'.repeat(3000)])(
  'an account %j is not found, and is not created',
  async (id) => {
    const { list, get, change, entries, rotate } = context();

    for (const operation of [
      () => get(id),
      () => change(id, { user_group: 'vip' }),
      () => entries(id),
      () => rotate(id),
    ]) {
      expect(await thrownBy(operation())).toMatchObject({
        code: 'account_not_found',
        status: 404,
        param: 'account',
        message: `There is no account ${id}.`,
      });
    }
    expect((await list()).data).toEqual([]);
  },
);

test('a text that cannot be the name of an account is not looked up', async () => {
  const find = () => Promise.reject(new Error('the key is too long'));
  const get = getAccount({ accounts: { ...memoryStore().accounts, find } });

  expect(await thrownBy(get('x'.repeat(3000)))).toMatchObject({ code: 'account_not_found' });
});
