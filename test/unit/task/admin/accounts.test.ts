import { describe, expect, test } from 'vitest';
import {
  AccountPatch,
  AccountRequest,
  AccountsQuery,
  EntriesQuery,
  RotationRequest,
} from '../../../../functions/task/admin/account-request.ts';
import {
  changeAccount,
  createAccount,
  getAccount,
  listAccounts,
  listEntries,
  rotateSecret,
} from '../../../../functions/task/admin/accounts.ts';
import { memoryStore, settableClock } from '../../../support/fakes.ts';
import { sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../provider/upstream.ts';

const hour = 3_600_000;
const studio = {
  ...{ object: 'account', id: 'studio', user_group: 'default', created: sampleTime / 1000 },
  credits: { granted: 0, balance: 0, reserved: 0, used: 0 },
  limits: { requests_per_minute: 300, tasks_in_flight: 100 },
  tasks_in_flight: 0,
};

function world() {
  const { accounts, ledger } = memoryStore();
  const clock = settableClock(sampleTime);
  const needs = { accounts, now: clock.now };
  return {
    ...{ accounts, clock, get: getAccount(needs) },
    create: (body: unknown) => createAccount(needs)(AccountRequest.parse(body)),
    list: (query: unknown = {}) => listAccounts(needs)(AccountsQuery.parse(query)),
    change: (id: string, body: unknown) => changeAccount(needs)(id, AccountPatch.parse(body)),
    entries: (id: string, query: unknown = {}) => listEntries(needs)(id, EntriesQuery.parse(query)),
    rotate: (id: string, body: unknown = {}) =>
      rotateSecret(needs)(id, RotationRequest.parse(body)),
    grant: (account: string, amount: number) => ledger.credit({ account, amount, at: sampleTime }),
  };
}

describe('a new account', () => {
  test('is answered with its webhook secret, which is shown never again', async () => {
    const { create, get, list, accounts } = world();

    const { webhook_secret, ...shown } = await create({ id: 'studio' });

    expect(shown).toEqual(studio);
    expect(webhook_secret).toMatch(/^whsec_/);
    expect(await accounts.secrets('studio')).toEqual({ newest: webhook_secret });
    expect(JSON.stringify([await get('studio'), await list()])).not.toContain('whsec_');
  });

  test('has the group and the limits it was made with', async () => {
    const { create, get } = world();

    await create({ id: 'studio', user_group: 'vip', limits: { requests_per_minute: 7 } });

    expect(await get('studio')).toEqual({
      ...{ ...studio, user_group: 'vip' },
      limits: { requests_per_minute: 7, tasks_in_flight: 100 },
    });
  });

  test('of a name that is taken changes nothing', async () => {
    const { create, get, accounts } = world();
    const { webhook_secret } = await create({ id: 'studio' });

    const thrown = await thrownBy(create({ id: 'studio', user_group: 'vip' }));

    expect(thrown).toMatchObject({
      ...{ code: 'account_exists', status: 409, param: 'id' },
      message: 'There is an account studio already.',
    });
    expect(await get('studio')).toEqual(studio);
    expect(await accounts.secrets('studio')).toEqual({ newest: webhook_secret });
  });
});

describe('the list of accounts', () => {
  test('is empty before there is one', async () => {
    expect(await world().list()).toEqual({ object: 'list', data: [], next_cursor: null });
  });

  test('is in the order of their names and goes on where its cursor says', async () => {
    const { create, list } = world();
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
      { limits: { requests_per_minute: 300, tasks_in_flight: 100 } },
    ],
  ])('to %j leaves everything else as it was', async (patch, changed) => {
    const { create, get, grant, change } = world();
    await create({ id: 'studio', ...full });
    await grant('studio', 5000);
    const before = await get('studio');

    const answer = await change('studio', patch);

    expect(answer).toEqual({ ...before, ...changed });
    expect(await get('studio')).toEqual(answer);
  });
});

describe('the entries', () => {
  test('come the newest first, a page at a time, and of this account alone', async () => {
    const { create, grant, entries } = world();
    for (const id of ['studio', 'other']) await create({ id });
    for (const amount of [1000, 2000, -500]) await grant('studio', amount);
    await grant('other', 7000);

    const first = await entries('studio', { limit: '2' });
    const second = await entries('studio', { limit: '2', cursor: first.next_cursor });

    expect(first.data).toMatchObject([
      { number: 3, kind: 'withdraw', amount_credits: -0.5, balance_credits: 2.5 },
      { number: 2, kind: 'grant', amount_credits: 2, balance_credits: 3 },
    ]);
    expect(second).toMatchObject({
      data: [{ number: 1, kind: 'grant', amount_credits: 1, balance_credits: 1 }],
      next_cursor: null,
    });
  });

  test('of an account without any are none', async () => {
    const { create, entries } = world();
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
  ])('ordered by %j has the one before it beside it for %d hours', async (body, hours) => {
    const { create, rotate, accounts, clock } = world();
    const { webhook_secret: previous } = await create({ id: 'studio' });
    clock.advance(1);

    const answer = await rotate('studio', body);

    const until = sampleTime + 1 + hours * hour;
    expect(answer).toEqual({
      ...{ object: 'webhook_secret', account: 'studio' },
      webhook_secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
      previous_valid_until: Math.floor(until / 1000),
    });
    expect(answer.webhook_secret).not.toBe(previous);
    expect(await accounts.secrets('studio')).toEqual({
      newest: answer.webhook_secret,
      previous: { secret: previous, until },
    });
  });
});

test.each(['nobody', '', 'Studio', 'x'.repeat(3000)])(
  'an account %j is not there, and is not made',
  async (id) => {
    const { list, get, change, entries, rotate } = world();

    for (const deed of [
      () => get(id),
      () => change(id, { user_group: 'vip' }),
      () => entries(id),
      () => rotate(id),
    ]) {
      expect(await thrownBy(deed())).toMatchObject({
        ...{ code: 'account_not_found', status: 404, param: 'account' },
        message: `There is no account ${id}.`,
      });
    }
    expect((await list()).data).toEqual([]);
  },
);

test('what cannot be the name of an account is not looked up', async () => {
  const find = () => Promise.reject(new Error('the key is too long'));
  const get = getAccount({ accounts: { ...memoryStore().accounts, find } });

  expect(await thrownBy(get('x'.repeat(3000)))).toMatchObject({ code: 'account_not_found' });
});
