import { describe, expect, test } from 'vitest';
import { hashOfKey, identify } from '../../../functions/task/identify.ts';
import { issueKey, KeyOrder } from '../../../functions/task/issue-key.ts';
import { memoryStore } from '../../support/fakes.ts';
import { sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

function world() {
  const store = memoryStore();
  const added: unknown[] = [];
  const keyStore: typeof store.keyStore = {
    ...store.keyStore,
    add: async (key) => {
      added.push(key);
      await store.keyStore.add(key);
    },
  };
  const issue = issueKey({ store: keyStore, now: () => sampleTime });
  return { store, added, issue: (order: unknown = {}) => issue(KeyOrder.parse(order)) };
}

describe('a new key', () => {
  test('is shown, and opens the API', async () => {
    const { store, issue } = world();

    const issued = await issue({ account: 'studio', scopes: ['generate', 'admin'] });

    const who = identify({ keys: store.keys, now: () => sampleTime });
    expect(await who(`Bearer ${issued.api_key}`, 'admin')).toEqual({
      ...{ keyId: issued.key_id, account: 'studio', userGroup: 'default' },
      scopes: ['generate', 'admin'],
    });
  });

  test('is written as its hash and its last four characters alone', async () => {
    const { added, issue } = world();

    const { api_key: key, key_id: keyId } = await issue({ name: 'shop' });

    expect(added).toEqual([
      {
        ...{ keyId, hash: hashOfKey(key), lastFour: key.slice(-4), at: sampleTime },
        ...{ account: 'default', name: 'shop', scopes: ['generate'] },
      },
    ]);
    expect(JSON.stringify(added)).not.toContain(key);
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

    expect(issued.webhook_secret).toMatch(/^whsec_/);
    expect(store.funds('default')).toEqual({
      ...{ granted: 12_500, balance: 12_500, reserved: 0, used: 0 },
    });
  });

  test('is one for all its keys: the same webhook secret, credits on top', async () => {
    const { store, issue } = world();

    const [one, two, three] = [
      await issue({ credits: 1 }),
      await issue({ credits: 2 }),
      await issue(),
    ];

    expect(new Set([one.api_key, two.api_key, three.api_key]).size).toBe(3);
    expect(new Set([one.webhook_secret, two.webhook_secret, three.webhook_secret]).size).toBe(1);
    expect(store.funds('default').balance).toBe(3000);
  });

  test('is not made when its credits cannot be counted', async () => {
    const { store, issue } = world();

    expect(await thrownBy(issue({ credits: 0.0001 }))).toBeInstanceOf(RangeError);

    await expect(store.keyStore.grant('default', 1, 0)).rejects.toThrow('there is no account');
  });
});

test.each([
  { account: '' },
  { account: 'Studio' },
  { account: 'a#b' },
  { account: '-a' },
  { account: 'a'.repeat(64) },
  { name: 'two words' },
  { scopes: [] },
  { scopes: ['root'] },
  { credits: -1 },
  { credits: 1_000_000_001 },
  { credits: '5' },
])('an order like %j is refused', (order) => {
  expect(KeyOrder.safeParse(order).success).toBe(false);
});
