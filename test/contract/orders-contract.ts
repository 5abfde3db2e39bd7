import { describe, expect, test } from 'vitest';
import { hashOfKey } from '../../functions/task/api-key.ts';
import { issueKey, KeyOrder } from '../../functions/task/issue-key.ts';
import { sampleTime } from '../support/tasks.ts';
import { sound } from './sound.ts';
import { entriesOf, type Make, type Store } from './stores.ts';

const issuing = ({ accounts, apiKeys, ledger }: Store) =>
  issueKey({ accounts, keys: apiKeys, ledger, now: () => sampleTime });

/** What an operator's order of a key guarantees, on every store. */
export function ordersContract(make: Make): void {
  describe("an operator's order", () => {
    test('makes the account with its credits, and a key that works', async () => {
      const store = await make();

      const issued = await issuing(store)(
        KeyOrder.parse({ account: 'studio', scopes: ['generate', 'admin'], credits: 2.5 }),
      );

      expect(await store.keys.find(hashOfKey(issued.api_key))).toMatchObject({
        key: { keyId: issued.key_id, account: 'studio', scopes: ['generate', 'admin'] },
        account: { account: 'studio', balance: 2500 },
      });
      expect(await store.accounts.secrets('studio')).toEqual({ newest: issued.webhook_secret });
    });

    test('that is given again makes another key of the account, and grants again', async () => {
      const store = await make();
      const issue = issuing(store);

      const first = await issue(KeyOrder.parse({ account: 'studio', credits: 1 }));
      const second = await issue(KeyOrder.parse({ account: 'studio', credits: 1 }));

      expect(second).toMatchObject({ account: 'studio', webhook_secret: undefined });
      expect(second.key_id).not.toBe(first.key_id);
      expect(await sound(store, 'studio')).toMatchObject({ balance: 2000 });
    });

    test('under the same id grants once', async () => {
      const store = await make();
      const order = KeyOrder.parse({ account: 'studio', credits: 1, order: 'order-0123456789' });

      const issued = [await issuing(store)(order), await issuing(store)(order)];

      expect(await sound(store, 'studio')).toMatchObject({ balance: 1000 });
      expect(await entriesOf(store, 'studio')).toHaveLength(1);
      for (const { api_key } of issued) {
        expect(await store.keys.find(hashOfKey(api_key))).toBeDefined();
      }
    });

    test('under the id of another order is refused, and grants nothing', async () => {
      const store = await make();
      const order = { account: 'studio', credits: 1, order: 'order-0123456789' };
      await issuing(store)(KeyOrder.parse(order));

      for (const other of [{ credits: 2 }, { account: 'default' }]) {
        const issue = issuing(store)(KeyOrder.parse({ ...order, ...other }));
        await expect(issue).rejects.toMatchObject({ code: 'idempotency_conflict' });
      }
      expect(await sound(store, 'studio')).toMatchObject({ balance: 1000 });
      expect(await sound(store, 'default')).toMatchObject({ balance: 0 });
    });
  });
}
