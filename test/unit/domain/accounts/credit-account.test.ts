import { describe, expect, test } from 'vitest';
import { CreditRequest } from '../../../../functions/domain/accounts/account-request.ts';
import { creditAccount } from '../../../../functions/domain/accounts/credit-account.ts';
import { idempotencyTtlMs } from '../../../../functions/domain/billing/idempotency.ts';
import { patterns } from '../../../../functions/domain/model/ids.ts';
import { memoryStore, settableClock } from '../../../support/fakes.ts';
import { sampleAct, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const keyId = 'key-00000000000admin';
const idempotencyKey = 'invoice-7-of-2026-11';

function context() {
  const store = memoryStore();
  for (const account of ['studio', 'other']) store.grant(account, 0);
  const clock = settableClock(sampleTime);
  const run = creditAccount({ ledger: store.ledger, accounts: store.accounts, now: clock.now });
  return {
    clock,
    credit: (body: unknown, order: object = {}) =>
      run(CreditRequest.parse(body), { account: 'studio', keyId, ...order }, sampleAct),
    balance: (account = 'studio') => store.funds(account).balance,
    entries: async () => (await store.accounts.entries('studio', { limit: 100 })).entries,
  };
}

describe('200', () => {
  test('a grant returns its entry', async () => {
    const { credit, balance } = context();

    expect(await credit({ credits: 100, note: 'invoice 7' })).toEqual({
      replayed: false,
      entry: {
        object: 'ledger_entry',
        id: expect.stringMatching(patterns.entryId),
        kind: 'grant',
        created: sampleTime / 1000,
        amount_credits: 100,
        balance_credits: 100,
        charged_credits: null,
        task_id: null,
        key_id: keyId,
        note: 'invoice 7',
      },
    });
    expect(balance()).toBe(100_000);
  });

  test('a negative amount is withdrawn, down to a balance of 0', async () => {
    const { credit, balance } = context();
    await credit({ credits: 1.2 });

    const { entry } = await credit({ credits: -1.2 });

    expect(entry).toMatchObject({ kind: 'withdraw', amount_credits: -1.2, balance_credits: 0 });
    expect(balance()).toBe(0);
  });

  test('without an Idempotency-Key, each of two equal requests counts', async () => {
    const { credit, balance } = context();

    for (const _ of [1, 2]) expect((await credit({ credits: 5 })).replayed).toBe(false);

    expect(balance()).toBe(10_000);
  });
});

describe('200, a repeated request with the same Idempotency-Key', () => {
  test('the same request returns the same entry, and counts once', async () => {
    const { credit, balance, clock, entries } = context();
    const first = await credit({ credits: 100, note: 'invoice 7' }, { idempotencyKey });
    await credit({ credits: 1 });
    clock.advance(1000);

    const again = await credit({ note: 'invoice 7', credits: 100.0 }, { idempotencyKey });

    // The entry is the same; its balance is that of the moment.
    expect(again).toEqual({ replayed: true, entry: { ...first.entry, balance_credits: 101 } });
    expect(balance()).toBe(101_000);
    expect(await entries()).toHaveLength(2);
  });

  test('a withdrawal is replayed also when the balance has become too small for it', async () => {
    const { credit, balance } = context();
    await credit({ credits: 5 });
    const first = await credit({ credits: -5 }, { idempotencyKey });

    expect(await credit({ credits: -5 }, { idempotencyKey })).toEqual({ ...first, replayed: true });
    expect(balance()).toBe(0);
  });

  test('from another operator, or after 24 hours, it is another request', async () => {
    const { credit, balance, clock } = context();
    await credit({ credits: 1 }, { idempotencyKey });

    await credit({ credits: 1 }, { idempotencyKey, keyId: 'key-another' });
    clock.advance(idempotencyTtlMs + 1000);
    await credit({ credits: 1 }, { idempotencyKey });

    expect(balance()).toBe(3000);
  });

  test('a rejected request leaves no idempotency record', async () => {
    const { credit } = context();
    await thrownBy(credit({ credits: -1 }, { idempotencyKey }));

    expect((await credit({ credits: 1 }, { idempotencyKey })).replayed).toBe(false);
  });
});

describe('400', () => {
  test('an Idempotency-Key of the wrong form is rejected', async () => {
    const { credit, balance } = context();

    expect(await thrownBy(credit({ credits: 1 }, { idempotencyKey: 'grün' }))).toMatchObject({
      code: 'invalid_request',
      param: 'Idempotency-Key',
    });
    expect(balance()).toBe(0);
  });
});

describe('402', () => {
  test('more than the balance cannot be withdrawn, and nothing is', async () => {
    const { credit, balance, entries } = context();
    await credit({ credits: 1.2 });

    expect(await thrownBy(credit({ credits: -1.201 }))).toMatchObject({
      code: 'insufficient_quota',
      status: 402,
      param: 'credits',
      message: 'The account has less than that.',
      details: { account_balance_credits: 1.2 },
    });
    expect(balance()).toBe(1200);
    expect(await entries()).toHaveLength(1);
  });
});

describe('404', () => {
  test.each(['nobody', '', 'Studio', 'x'.repeat(3000)])(
    'an account %j is not found, and is not created',
    async (account) => {
      expect(await thrownBy(context().credit({ credits: 1 }, { account }))).toMatchObject({
        code: 'account_not_found',
        status: 404,
        param: 'account',
        message: `There is no account ${account}.`,
      });
    },
  );
});

test('a text that cannot be the name of an account is not looked up', async () => {
  const credit = () => Promise.reject(new Error('the key is too long'));
  const run = creditAccount({
    ledger: { credit },
    accounts: { find: credit },
    now: () => sampleTime,
  });

  const promise = run(
    CreditRequest.parse({ credits: 1 }),
    { account: 'x'.repeat(3000), keyId },
    sampleAct,
  );

  expect(await thrownBy(promise)).toMatchObject({ code: 'account_not_found' });
});

describe('409', () => {
  test.each([
    ['another amount', { credits: 2 }, {}],
    ['another note', { credits: 1, note: 'invoice 8' }, {}],
    ['another account', { credits: 1 }, { account: 'other' }],
  ])('the same Idempotency-Key with %s is a conflict', async (_what, body, order) => {
    const { credit, balance } = context();
    await credit({ credits: 1 }, { idempotencyKey });

    const thrown = await thrownBy(credit(body, { idempotencyKey, ...order }));

    expect(thrown).toMatchObject({ code: 'idempotency_conflict', status: 409 });
    expect([balance(), balance('other')]).toEqual([1000, 0]);
  });

  test('an Idempotency-Key that was used for a task is a conflict', async () => {
    const run = creditAccount({
      ledger: {
        credit: async () => ({ state: 'idempotency_key_used', requestHash: 'hash of a task' }),
      },
      accounts: memoryStore().accounts,
      now: () => sampleTime,
    });

    const promise = run(
      CreditRequest.parse({ credits: 1 }),
      { account: 'studio', keyId, idempotencyKey },
      sampleAct,
    );

    expect(await thrownBy(promise)).toMatchObject({ code: 'idempotency_conflict' });
  });
});
