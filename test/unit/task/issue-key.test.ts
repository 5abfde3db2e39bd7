import { describe, expect, test } from 'vitest';
import { noFunds } from '../../../functions/task/account.ts';
import { hashOfKey, keyIdOf } from '../../../functions/task/api-key.ts';
import { identify } from '../../../functions/task/identify.ts';
import { issueKey, KeyOrder } from '../../../functions/task/issue-key.ts';
import type { Ledger } from '../../../functions/task/ports.ts';
import { rememberedForMs } from '../../../functions/task/remember.ts';
import { memoryStore, settableClock } from '../../support/fakes.ts';
import { sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

const order = 'order-7-of-2026-11-22';

function world(ledger?: Pick<Ledger, 'credit'>) {
  const store = memoryStore();
  const clock = settableClock(sampleTime);
  const { accounts, apiKeys: keys } = store;
  const issue = issueKey({ accounts, keys, ledger: ledger ?? store.ledger, now: clock.now });
  return {
    ...{ store, clock, issue: (wish: unknown = {}) => issue(KeyOrder.parse(wish)) },
    balance: async (account = 'default') => (await accounts.find(account))?.balance,
    issued: async () => (await keys.list('default', { limit: 100 })).keys,
  };
}

describe('a new key', () => {
  test('is shown, and opens the API', async () => {
    const { store, issue } = world();

    const issued = await issue({ account: 'studio', scopes: ['generate', 'admin'] });

    const who = identify({ keys: store.keys, now: () => sampleTime, noteUse: async () => {} });
    expect(await who(`Bearer ${issued.api_key}`, 'admin')).toMatchObject({
      ...{ keyId: issued.key_id, account: 'studio', userGroup: 'default' },
      scopes: ['generate', 'admin'],
    });
  });

  test('is written as its hash and its last four characters alone', async () => {
    const { issued, issue } = world();

    const { api_key: key, key_id: keyId } = await issue({ name: 'the shop' });

    const hash = hashOfKey(key);
    expect(await issued()).toEqual([
      {
        ...{ keyId, hash, lastFour: key.slice(-4), account: 'default', name: 'the shop' },
        ...{ scopes: ['generate'], enabled: true, createdAt: sampleTime, timeZone: 'UTC' },
        ...{ reserved: 0, used: 0, dayUsed: 0, moves: 0 },
      },
    ]);
    expect(keyId).toBe(keyIdOf(hash));
    expect(JSON.stringify(await issued())).not.toContain(key);
  });

  test('may only generate, of the first account, without credits, unless told otherwise', () => {
    expect(KeyOrder.parse({})).toEqual({
      ...{ account: 'default', name: 'first', scopes: ['generate'], credits: 0 },
    });
  });
});

describe('an account', () => {
  test('is made with its first key and gets the credits that come with it', async () => {
    const { store, issue } = world();

    const issued = await issue({ credits: 12.5 });

    expect(issued).toMatchObject({ account: 'default' });
    expect(store.funds('default')).toEqual({
      ...{ ...noFunds, granted: 12_500, balance: 12_500, entries: 1 },
    });
    const { entries } = await store.accounts.entries('default', { limit: 10 });
    expect(entries).toEqual([
      {
        ...{ number: 1, kind: 'grant', at: sampleTime, amount: 12_500, balance: 12_500 },
        keyId: issued.key_id,
      },
    ]);
  });

  test('shows its webhook secret with its first key and never again', async () => {
    const { store, issue } = world();

    const [first, second] = [await issue(), await issue()];

    expect(first.webhook_secret).toMatch(/^whsec_/);
    expect((await store.accounts.secrets('default'))?.newest).toBe(first.webhook_secret);
    expect(second.webhook_secret).toBeUndefined();
  });

  test('is one for all its keys, and what comes with them adds up', async () => {
    const { balance, issue } = world();

    const [one, two, three] = [
      await issue({ credits: 1 }),
      await issue({ credits: 2 }),
      await issue(),
    ];

    expect(new Set([one.api_key, two.api_key, three.api_key]).size).toBe(3);
    expect(await balance()).toBe(3000);
  });

  test('is not made when its credits cannot be counted', async () => {
    const { store, issue, issued } = world();

    expect(await thrownBy(issue({ credits: 0.0001 }))).toBeInstanceOf(RangeError);

    expect(await store.accounts.find('default')).toBeUndefined();
    expect(await issued()).toEqual([]);
  });

  test('that cannot be asked for is no account that is there already', async () => {
    const { store } = world();
    const accounts = { ...store.accounts, add: () => Promise.reject(new Error('throttled')) };
    const issue = issueKey({
      ...{ accounts, keys: store.apiKeys, ledger: store.ledger, now: () => sampleTime },
    });

    await expect(issue(KeyOrder.parse({}))).rejects.toThrow('throttled');
  });
});

describe('the same order again', () => {
  test('makes another key, since the first may be lost, and grants its credits once', async () => {
    const { balance, issue, issued, clock } = world();
    const first = await issue({ credits: 5, order });
    clock.advance(1000);

    const again = await issue({ credits: 5, order });

    expect(again.api_key).not.toBe(first.api_key);
    expect(await issued()).toHaveLength(2);
    expect(await balance()).toBe(5000);
  });

  test.each([
    ['with other credits', { credits: 6 }],
    ['for another account', { credits: 5, account: 'studio' }],
  ])('%s is refused, and grants nothing', async (_what, other) => {
    const { balance, issue } = world();
    await issue({ credits: 5, order });

    const thrown = await thrownBy(issue({ ...other, order }));

    expect(thrown).toMatchObject({ code: 'idempotency_conflict' });
    expect([await balance(), (await balance('studio')) ?? 0]).toEqual([5000, 0]);
  });

  test('after 24 hours is a new one', async () => {
    const { balance, issue, clock } = world();
    await issue({ credits: 5, order });

    clock.advance(rememberedForMs + 1000);
    await issue({ credits: 5, order });

    expect(await balance()).toBe(10_000);
  });
});

test('a grant that was refused is not passed over', async () => {
  const { issue } = world({ credit: async () => ({ state: 'no-account' }) });

  await expect(issue({ credits: 1 })).rejects.toThrow('the grant was refused: no-account');
});

test.each([
  { account: '' },
  { account: 'Studio' },
  { account: 'a#b' },
  { account: '-a' },
  { account: 'a'.repeat(64) },
  { name: '' },
  { name: ' ' },
  { name: 'x'.repeat(101) },
  { scopes: [] },
  { scopes: ['root'] },
  { credits: -1 },
  { credits: 1_000_000_001 },
  { credits: '5' },
  { order: 'too-short' },
  { order: 'x'.repeat(97) },
  { order: 'with a space in it' },
])('an order like %j is refused', (wish) => {
  expect(KeyOrder.safeParse(wish).success).toBe(false);
});
