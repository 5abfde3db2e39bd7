import { describe, expect, test } from 'vitest';
import { hashOfKey } from '../../functions/task/identify.ts';
import { issueKey, KeyOrder } from '../../functions/task/issue-key.ts';
import { sampleTime } from '../support/tasks.ts';
import type { Make } from './stores.ts';

const at = sampleTime;

/** What every store of keys and accounts guarantees. */
export function keysContract(make: Make): void {
  describe('an API key', () => {
    test('is found by its hash and says who calls', async () => {
      const { keys, keyStore } = await make();
      const issue = issueKey({ store: keyStore, now: () => at });

      const issued = await issue(
        KeyOrder.parse({ account: 'studio', scopes: ['generate', 'admin'], credits: 2.5 }),
      );

      expect(await keys.find(hashOfKey(issued.api_key))).toEqual({
        ...{ keyId: issued.key_id, account: 'studio', userGroup: 'default' },
        scopes: ['generate', 'admin'],
      });
    });

    test('that nobody issued is not found, and neither is a key by itself', async () => {
      const { keys, keyStore } = await make();
      const issued = await issueKey({ store: keyStore, now: () => at })(KeyOrder.parse({}));

      expect(await keys.find(hashOfKey('sk-dr-made-up'))).toBeUndefined();
      expect(await keys.find(issued.api_key)).toBeUndefined();
    });

    test('is written once: another one of the same hash is refused', async () => {
      const { keys, keyStore } = await make();
      await keyStore.ensureAccount({ account: 'studio', webhookSecret: 'whsec_1', at });
      const key = { hash: 'hash', lastFour: 'abcd', account: 'studio', name: 'first', at };
      await keyStore.add({ ...key, keyId: 'key-1', scopes: ['generate'] });

      await expect(keyStore.add({ ...key, keyId: 'key-2', scopes: ['admin'] })).rejects.toThrow();

      expect(await keys.find('hash')).toMatchObject({ keyId: 'key-1', scopes: ['generate'] });
    });
  });

  describe('an account', () => {
    test('is made once and keeps its secret and its credits', async () => {
      const { keyStore, funds } = await make();

      const first = await keyStore.ensureAccount({ account: 'studio', webhookSecret: 'one', at });
      await keyStore.grant('studio', 700, at);
      const again = await keyStore.ensureAccount({ account: 'studio', webhookSecret: 'two', at });

      expect([first.webhookSecret, again.webhookSecret]).toEqual(['one', 'one']);
      expect(await funds('studio')).toEqual({ granted: 700, balance: 700, reserved: 0, used: 0 });
    });

    test('has one secret, also when several make it at once', async () => {
      const { keyStore } = await make();

      const made = await Promise.all(
        ['one', 'two', 'three'].map((webhookSecret) =>
          keyStore.ensureAccount({ account: 'studio', webhookSecret, at }),
        ),
      );

      expect(new Set(made.map(({ webhookSecret }) => webhookSecret)).size).toBe(1);
    });

    test('has the sum of its grants, also of those of the same moment', async () => {
      const { keyStore, funds } = await make();
      await keyStore.ensureAccount({ account: 'studio', webhookSecret: 'one', at });

      await Promise.all([1, 20, 300].map((amount) => keyStore.grant('studio', amount, at)));

      expect(await funds('studio')).toMatchObject({ granted: 321, balance: 321 });
    });

    test('that nobody made is granted nothing', async () => {
      const { keyStore } = await make();

      await expect(keyStore.grant('nobody', 1, at)).rejects.toThrow('the grant was refused');
    });
  });
}
