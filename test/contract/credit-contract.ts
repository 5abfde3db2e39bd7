import { expect, test } from 'vitest';
import { idempotencyTtlMs } from '../../functions/domain/billing/idempotency.ts';
import { keyOf, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import {
  account,
  draft,
  entriesOf,
  fundedStore,
  fundsOf,
  grant,
  type MakeStore,
  openTask,
  reserve,
} from './stores.ts';

const at = sampleTime;
const nothing = { reserved: 0, used: 0, inFlight: 0 };
const key = {
  id: 'key-operator#0123456789abcdef',
  requestHash: 'hash of the first',
  expiresAt: at + idempotencyTtlMs,
};

/** What every ledger guarantees about credits that are granted and withdrawn. */
export function creditContract(make: MakeStore): void {
  test('credits are granted and withdrawn, and the result is the entry', async () => {
    const store = await fundedStore(make, 0);
    const by = { at, keyId: keyOf('operator'), note: 'invoice 7' };

    const granted = await store.ledger.credit({ account, amount: 700, ...by });
    const withdrawn = await store.ledger.credit({ account, amount: -200, ...by, at: at + 1 });

    expect([granted, withdrawn]).toEqual([
      {
        state: 'credited',
        entry: { id: expect.any(String), kind: 'grant', amount: 700, ...by },
      },
      {
        state: 'credited',
        entry: { id: expect.any(String), kind: 'withdraw', amount: -200, ...by, at: at + 1 },
      },
    ]);
    expect(await entriesOf(store)).toMatchObject(
      [granted, withdrawn].map((result) => 'entry' in result && result.entry),
    );
    expect(await fundsOf(store)).toMatchObject({ granted: 500 });
    expect(await auditedFunds(store)).toEqual({ balance: 500, ...nothing });
  });

  test('credits can be withdrawn down to zero, and not one more', async () => {
    const store = await fundedStore(make, 700);

    expect(await store.ledger.credit({ account, amount: -701, at })).toEqual({
      state: 'insufficient',
      balance: 700,
    });
    expect(await auditedFunds(store)).toEqual({ balance: 700, ...nothing });
    expect(await entriesOf(store)).toHaveLength(1);

    await store.ledger.credit({ account, amount: -700, at });
    expect(await auditedFunds(store)).toEqual({ balance: 0, ...nothing });
  });

  test('credits that are reserved for a task cannot be withdrawn', async () => {
    const store = await fundedStore(make, 100);
    await openTask(store);

    expect(await store.ledger.credit({ account, amount: -101, at })).toEqual({
      state: 'insufficient',
      balance: 100,
    });
    expect(await auditedFunds(store)).toMatchObject({ balance: 100, reserved: 1200, inFlight: 1 });
  });

  test('crediting an account that does not exist does not create it', async () => {
    const { ledger, accounts } = await make();

    for (const amount of [500, -500]) {
      expect(await ledger.credit({ account: 'nobody', amount, at }, key)).toEqual({
        state: 'account_missing',
      });
    }
    expect(await accounts.find('nobody')).toBeUndefined();
  });
}

/** What every ledger guarantees about repeated requests for credits. */
export function repeatedCreditContract(make: MakeStore): void {
  test.each([
    ['granted', 500],
    ['withdrawn', -500],
  ])(
    'credits with the same idempotency key are %s once, and the repeated request gets the first entry',
    async (_, amount) => {
      const store = await fundedStore(make, 500);
      const request = { account, amount, at, note: 'invoice 7' };
      const first = await store.ledger.credit(request, key);
      await store.ledger.credit({ account, amount: 1, at });
      const had = await auditedFunds(store);

      const repeated = await store.ledger.credit({ ...request, at: at + 5000 }, key);

      expect(first).toMatchObject({ state: 'credited', entry: { amount, at } });
      expect(repeated).toEqual({
        state: 'idempotency_key_used',
        requestHash: key.requestHash,
        entry: 'entry' in first && first.entry,
      });
      expect(await auditedFunds(store)).toEqual(had);
      expect(await entriesOf(store)).toHaveLength(3);
    },
  );

  test.each<[string, { readonly account: string; readonly amount: number }]>([
    ['another amount', { account, amount: 300 }],
    ['more than there is', { account, amount: -9999 }],
    ['another account', { account: 'studio', amount: 500 }],
    ['an account with a longer ledger', { account: 'long', amount: 500 }],
  ])(
    'a request for %s with a used key gets the hash of the first request, and writes nothing',
    async (_, other) => {
      const store = await fundedStore(make, 0);
      await grant(store, 'studio', 0);
      for (const amount of [1, 1, 1]) await grant(store, 'long', amount);
      const first = await store.ledger.credit({ account, amount: 500, at }, key);
      const had = await fundsOf(store, other.account);

      const result = await store.ledger.credit(
        { ...other, at },
        { ...key, requestHash: 'hash of another' },
      );

      expect(result).toEqual({
        state: 'idempotency_key_used',
        requestHash: key.requestHash,
        entry: 'entry' in first && first.entry,
      });
      expect(await fundsOf(store, other.account)).toEqual(had);
    },
  );

  test('a key that was used for a task is known to credits, and the other way round', async () => {
    const store = await fundedStore(make, 1200);
    const task = draft();
    const credits = { account, amount: 500, at };
    const second = { ...key, id: 'key-operator#the-second-order' };
    await reserve(store, task, key);
    await store.ledger.credit(credits, second);
    const had = await auditedFunds(store);

    expect(await store.ledger.credit(credits, { ...key, requestHash: 'credits' })).toMatchObject({
      state: 'idempotency_key_used',
      requestHash: key.requestHash,
    });
    expect(await reserve(store, draft(), { ...second, requestHash: 'task' })).toMatchObject({
      state: 'idempotency_key_used',
      requestHash: second.requestHash,
    });
    expect(await auditedFunds(store)).toEqual(had);
  });

  test('a refused request does not use up its idempotency key', async () => {
    const store = await fundedStore(make, 100);
    const request = { account, amount: -500, at };
    expect(await store.ledger.credit(request, key)).toMatchObject({ state: 'insufficient' });
    await grant(store, account, 400);

    expect(await store.ledger.credit(request, key)).toMatchObject({ state: 'credited' });
  });

  test('an idempotency key can be used again once it has expired, and not before', async () => {
    const store = await fundedStore(make, 0);
    const later = (ms: number) => ({ account, amount: 500, at: key.expiresAt + ms });
    const fresh = { ...key, requestHash: 'hash of the next', expiresAt: key.expiresAt * 2 };
    await store.ledger.credit(later(-idempotencyTtlMs), key);

    const early = await store.ledger.credit(later(-1), fresh);
    const late = await store.ledger.credit(later(1000), fresh);
    const repeated = await store.ledger.credit(later(2000), fresh);

    const used = 'idempotency_key_used';
    expect(early).toMatchObject({ state: used, entry: { at: key.expiresAt - idempotencyTtlMs } });
    expect(late).toMatchObject({ state: 'credited', entry: { at: key.expiresAt + 1000 } });
    expect(repeated).toMatchObject({ state: used, entry: { at: key.expiresAt + 1000 } });
    expect(await auditedFunds(store)).toEqual({ balance: 1000, ...nothing });
  });
}
