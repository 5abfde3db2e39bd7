import { describe, expect, test } from 'vitest';
import { IssueKeyRequest, issueKey } from '../../functions/domain/accounts/issue-key.ts';
import { hashOfKey } from '../../functions/domain/model/api-key.ts';
import { sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import { entriesOf, type MakeStore, type Store } from './stores.ts';

const issuing =
  ({ accounts, apiKeys, ledger }: Store) =>
  (request: IssueKeyRequest) =>
    issueKey({ accounts, keys: apiKeys, ledger, now: () => sampleTime })(request, 'request');

/** What issuing a key guarantees, on every store. */
export function issuedKeysContract(make: MakeStore): void {
  describe('a key issued by the operator', () => {
    test('issuing a key creates the account with its credits, and a key that works', async () => {
      const store = await make();

      const issued = await issuing(store)(
        IssueKeyRequest.parse({ account: 'studio', scopes: ['generate', 'admin'], credits: 2.5 }),
      );

      expect(await store.keys.find(hashOfKey(issued.api_key))).toMatchObject({
        key: { keyId: issued.key_id, account: 'studio', scopes: ['generate', 'admin'] },
        account: { userGroup: 'default' },
      });
      expect(await store.accounts.find('studio')).toMatchObject({ balance: 2500 });
      expect(await store.accounts.secrets('studio')).toEqual({ newest: issued.webhook_secret });
    });

    test('issuing a key again creates another key of the account, and grants the credits again', async () => {
      const store = await make();
      const issue = issuing(store);

      const first = await issue(IssueKeyRequest.parse({ account: 'studio', credits: 1 }));
      const second = await issue(IssueKeyRequest.parse({ account: 'studio', credits: 1 }));

      expect(second).toMatchObject({ account: 'studio', webhook_secret: undefined });
      expect(second.key_id).not.toBe(first.key_id);
      expect(await auditedFunds(store, 'studio')).toMatchObject({ balance: 2000 });
    });

    test('issuing a key again with the same order id grants the credits once', async () => {
      const store = await make();
      const order = IssueKeyRequest.parse({
        account: 'studio',
        credits: 1,
        idempotency_key: 'order-0123456789',
      });

      const issued = [await issuing(store)(order), await issuing(store)(order)];

      expect(await auditedFunds(store, 'studio')).toMatchObject({ balance: 1000 });
      expect(await entriesOf(store, 'studio')).toHaveLength(1);
      for (const { api_key } of issued) {
        expect(await store.keys.find(hashOfKey(api_key))).toBeDefined();
      }
    });

    test('issuing a key with the id of another order is refused, and grants nothing', async () => {
      const store = await make();
      const order = { account: 'studio', credits: 1, idempotency_key: 'order-0123456789' };
      await issuing(store)(IssueKeyRequest.parse(order));

      for (const other of [{ credits: 2 }, { account: 'default' }]) {
        const issue = issuing(store)(IssueKeyRequest.parse({ ...order, ...other }));
        await expect(issue).rejects.toMatchObject({ code: 'idempotency_conflict' });
      }
      expect(await auditedFunds(store, 'studio')).toMatchObject({ balance: 1000 });
      expect(await auditedFunds(store, 'default')).toMatchObject({ balance: 0 });
    });
  });
}
