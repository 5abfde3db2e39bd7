import { describe, expect, test } from 'vitest';
import { CreditRequest } from '../../../../functions/task/admin/account-request.ts';
import { creditAccount } from '../../../../functions/task/admin/credit-account.ts';
import { rememberedForMs } from '../../../../functions/task/remember.ts';
import { memoryStore, settableClock } from '../../../support/fakes.ts';
import { sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../provider/upstream.ts';

const keyId = 'key-00000000000admin';
const idempotencyKey = 'invoice-7-of-2026-11';

function world() {
  const store = memoryStore();
  for (const account of ['studio', 'other']) store.grant(account, 0);
  const clock = settableClock(sampleTime);
  const run = creditAccount({ ledger: store.ledger, now: clock.now });
  return {
    clock,
    credit: (body: unknown, order: object = {}) =>
      run(CreditRequest.parse(body), { account: 'studio', keyId, ...order }),
    balance: (account = 'studio') => store.funds(account).balance,
    entries: async () => (await store.accounts.entries('studio', { limit: 100 })).entries,
  };
}

describe('200', () => {
  test('a grant is answered with its entry', async () => {
    const { credit, balance } = world();

    expect(await credit({ credits: 100, note: 'invoice 7' })).toEqual({
      replayed: false,
      entry: {
        ...{ object: 'ledger_entry', number: 1, kind: 'grant', created: sampleTime / 1000 },
        ...{ amount_credits: 100, balance_credits: 100, charged_credits: null },
        ...{ task_id: null, key_id: keyId, note: 'invoice 7' },
      },
    });
    expect(balance()).toBe(100_000);
  });

  test('what is below 0 is withdrawn, down to the last', async () => {
    const { credit, balance } = world();
    await credit({ credits: 1.2 });

    const { entry } = await credit({ credits: -1.2 });

    expect(entry).toMatchObject({ kind: 'withdraw', amount_credits: -1.2, balance_credits: 0 });
    expect(balance()).toBe(0);
  });

  test('the same order counts as often as it is sent without an Idempotency-Key', async () => {
    const { credit, balance } = world();

    for (const _ of [1, 2]) expect((await credit({ credits: 5 })).replayed).toBe(false);

    expect(balance()).toBe(10_000);
  });
});

describe('200, again with the same Idempotency-Key', () => {
  test('the same order is the same entry, and counts once', async () => {
    const { credit, balance, clock, entries } = world();
    const first = await credit({ credits: 100, note: 'invoice 7' }, { idempotencyKey });
    await credit({ credits: 1 });
    clock.advance(1000);

    const again = await credit({ note: 'invoice 7', credits: 100.0 }, { idempotencyKey });

    expect(again).toEqual({ replayed: true, entry: first.entry });
    expect(balance()).toBe(101_000);
    expect(await entries()).toHaveLength(2);
  });

  test('a withdrawal is answered also when it could not be paid any more', async () => {
    const { credit, balance } = world();
    await credit({ credits: 5 });
    const first = await credit({ credits: -5 }, { idempotencyKey });

    expect(await credit({ credits: -5 }, { idempotencyKey })).toEqual({ ...first, replayed: true });
    expect(balance()).toBe(0);
  });

  test('of another operator it is another order, and so it is after 24 hours', async () => {
    const { credit, balance, clock } = world();
    await credit({ credits: 1 }, { idempotencyKey });

    await credit({ credits: 1 }, { idempotencyKey, keyId: 'key-another' });
    clock.advance(rememberedForMs + 1000);
    await credit({ credits: 1 }, { idempotencyKey });

    expect(balance()).toBe(3000);
  });

  test('an order that was refused is not remembered', async () => {
    const { credit } = world();
    await thrownBy(credit({ credits: -1 }, { idempotencyKey }));

    expect((await credit({ credits: 1 }, { idempotencyKey })).replayed).toBe(false);
  });
});

describe('400', () => {
  test('an Idempotency-Key of the wrong form', async () => {
    const { credit, balance } = world();

    expect(await thrownBy(credit({ credits: 1 }, { idempotencyKey: 'short' }))).toMatchObject({
      ...{ code: 'invalid_request', param: 'Idempotency-Key' },
    });
    expect(balance()).toBe(0);
  });
});

describe('402', () => {
  test('more than there is cannot be withdrawn, and nothing is', async () => {
    const { credit, balance, entries } = world();
    await credit({ credits: 1.2 });

    expect(await thrownBy(credit({ credits: -1.201 }))).toMatchObject({
      ...{ code: 'insufficient_quota', status: 402, param: 'credits' },
      message: 'The account has less than that.',
      details: { account_balance_credits: 1.2 },
    });
    expect(balance()).toBe(1200);
    expect(await entries()).toHaveLength(1);
  });
});

describe('404', () => {
  test.each(['nobody', '', 'Studio', 'x'.repeat(3000)])(
    'an account %j is not there, and is not made',
    async (account) => {
      expect(await thrownBy(world().credit({ credits: 1 }, { account }))).toMatchObject({
        ...{ code: 'account_not_found', status: 404, param: 'account' },
        message: `There is no account ${account}.`,
      });
    },
  );
});

test('what cannot be the name of an account is not looked up', async () => {
  const credit = () => Promise.reject(new Error('the key is too long'));
  const run = creditAccount({ ledger: { credit }, now: () => sampleTime });

  const deed = run(CreditRequest.parse({ credits: 1 }), { account: 'x'.repeat(3000), keyId });

  expect(await thrownBy(deed)).toMatchObject({ code: 'account_not_found' });
});

describe('409', () => {
  test.each([
    ['other credits', { credits: 2 }, {}],
    ['another note', { credits: 1, note: 'invoice 8' }, {}],
    ['another account', { credits: 1 }, { account: 'other' }],
  ])('the same Idempotency-Key for %s', async (_what, body, order) => {
    const { credit, balance } = world();
    await credit({ credits: 1 }, { idempotencyKey });

    const thrown = await thrownBy(credit(body, { idempotencyKey, ...order }));

    expect(thrown).toMatchObject({ code: 'idempotency_conflict', status: 409 });
    expect([balance(), balance('other')]).toEqual([1000, 0]);
  });

  test('one that was used for a task', async () => {
    const run = creditAccount({
      ledger: { credit: async () => ({ state: 'remembered', requestHash: 'hash of a task' }) },
      now: () => sampleTime,
    });

    const deed = run(CreditRequest.parse({ credits: 1 }), {
      ...{ account: 'studio', keyId, idempotencyKey },
    });

    expect(await thrownBy(deed)).toMatchObject({ code: 'idempotency_conflict' });
  });
});
