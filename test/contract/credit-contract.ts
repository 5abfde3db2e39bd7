import { expect, test } from 'vitest';
import { rememberedForMs } from '../../functions/task/remember.ts';
import { keyOf, sampleTime } from '../support/tasks.ts';
import { sound } from './sound.ts';
import { account, draft, entriesOf, funded, grant, type Make, opened } from './stores.ts';

const at = sampleTime;
const nothing = { reserved: 0, used: 0, inFlight: 0 };
const key = {
  id: 'key-operator#0123456789abcdef',
  requestHash: 'hash of the first',
  expiresAt: at + rememberedForMs,
};

/** What every ledger guarantees about credits that are granted and withdrawn. */
export function creditContract(make: Make): void {
  test('are granted and withdrawn, and the answer is the entry that says so', async () => {
    const store = await funded(make, 0);
    const by = { at, keyId: keyOf('operator'), note: 'invoice 7' };

    const granted = await store.ledger.credit({ account, amount: 700, ...by });
    const withdrawn = await store.ledger.credit({ account, amount: -200, ...by });

    expect([granted, withdrawn]).toEqual([
      {
        state: 'credited',
        entry: { number: 1, kind: 'grant', amount: 700, balance: 700, ...by },
      },
      {
        state: 'credited',
        entry: { number: 2, kind: 'withdraw', amount: -200, balance: 500, ...by },
      },
    ]);
    expect(await entriesOf(store)).toEqual(
      [granted, withdrawn].map((answer) => 'entry' in answer && answer.entry),
    );
    expect(await store.funds(account)).toMatchObject({ granted: 500, entries: 2 });
    expect(await sound(store)).toEqual({ balance: 500, ...nothing });
  });

  test('can be withdrawn to the last, and not one more', async () => {
    const store = await funded(make, 700);

    expect(await store.ledger.credit({ account, amount: -701, at })).toEqual({
      ...{ state: 'insufficient', balance: 700 },
    });
    expect(await sound(store)).toEqual({ balance: 700, ...nothing });
    expect(await entriesOf(store)).toHaveLength(1);

    await store.ledger.credit({ account, amount: -700, at });
    expect(await sound(store)).toEqual({ balance: 0, ...nothing });
  });

  test('that are set aside for a task cannot be withdrawn', async () => {
    const store = await funded(make, 100);
    await opened(store);

    expect(await store.ledger.credit({ account, amount: -101, at })).toEqual({
      ...{ state: 'insufficient', balance: 100 },
    });
    expect(await sound(store)).toMatchObject({ balance: 100, reserved: 1200, inFlight: 1 });
  });

  test('of an account that nobody made do not exist, and do not make it', async () => {
    const { ledger, accounts } = await make();

    for (const amount of [500, -500]) {
      expect(await ledger.credit({ account: 'nobody', amount, at }, key)).toEqual({
        state: 'no-account',
      });
    }
    expect(await accounts.find('nobody')).toBeUndefined();
  });
}

/** What every ledger guarantees about credits that are ordered again. */
export function repeatedCreditContract(make: Make): void {
  test.each([
    ['granted', 500],
    ['withdrawn', -500],
  ])('counts what is %s once, and leads to the first entry', async (_, amount) => {
    const store = await funded(make, 500);
    const order = { account, amount, at, note: 'invoice 7' };
    const first = await store.ledger.credit(order, key);
    await store.ledger.credit({ account, amount: 1, at });
    const had = await sound(store);

    const again = await store.ledger.credit({ ...order, at: at + 5000 }, key);

    expect(first).toMatchObject({ state: 'credited', entry: { number: 2, amount, at } });
    expect(again).toEqual({
      ...{ state: 'remembered', requestHash: key.requestHash },
      entry: 'entry' in first && first.entry,
    });
    expect(await sound(store)).toEqual(had);
    expect(await entriesOf(store)).toHaveLength(3);
  });

  test.each<[string, { readonly account: string; readonly amount: number }]>([
    ['another amount', { account, amount: 300 }],
    ['more than there is', { account, amount: -9999 }],
    ['another account', { account: 'studio', amount: 500 }],
    ['an account with a longer ledger', { account: 'long', amount: 500 }],
  ])('tells the hash of the first to an order of %s, which writes nothing', async (_, other) => {
    const store = await funded(make, 0);
    await grant(store, 'studio', 0);
    for (const amount of [1, 1, 1]) await grant(store, 'long', amount);
    const first = await store.ledger.credit({ account, amount: 500, at }, key);
    const had = await store.funds(other.account);

    const answer = await store.ledger.credit(
      { ...other, at },
      { ...key, requestHash: 'hash of another' },
    );

    expect(answer).toEqual({
      ...{ state: 'remembered', requestHash: key.requestHash },
      entry: 'entry' in first && first.entry,
    });
    expect(await store.funds(other.account)).toEqual(had);
  });

  test('of a task tells the hash of that, and the other way round', async () => {
    const store = await funded(make, 1200);
    const task = draft();
    const credits = { account, amount: 500, at };
    const second = { ...key, id: 'key-operator#the-second-order' };
    await store.ledger.open(task, key);
    await store.ledger.credit(credits, second);
    const had = await sound(store);

    expect(await store.ledger.credit(credits, { ...key, requestHash: 'credits' })).toMatchObject({
      ...{ state: 'remembered', requestHash: key.requestHash },
    });
    expect(await store.ledger.open(draft(), { ...second, requestHash: 'task' })).toMatchObject({
      ...{ state: 'remembered', requestHash: second.requestHash },
    });
    expect(await sound(store)).toEqual(had);
  });

  test('does not remember an order that was refused', async () => {
    const store = await funded(make, 100);
    const order = { account, amount: -500, at };
    expect(await store.ledger.credit(order, key)).toMatchObject({ state: 'insufficient' });
    await grant(store, account, 400);

    expect(await store.ledger.credit(order, key)).toMatchObject({ state: 'credited' });
  });

  test('is new again once its time is over, and not before', async () => {
    const store = await funded(make, 0);
    const later = (ms: number) => ({ account, amount: 500, at: key.expiresAt + ms });
    const fresh = { ...key, requestHash: 'hash of the next', expiresAt: key.expiresAt * 2 };
    await store.ledger.credit(later(-rememberedForMs), key);

    const early = await store.ledger.credit(later(-1), fresh);
    const late = await store.ledger.credit(later(1000), fresh);
    const again = await store.ledger.credit(later(2000), fresh);

    expect(early).toMatchObject({ state: 'remembered', entry: { number: 1 } });
    expect(late).toMatchObject({ state: 'credited', entry: { number: 2 } });
    expect(again).toMatchObject({ state: 'remembered', entry: { number: 2 } });
    expect(await sound(store)).toEqual({ balance: 1000, ...nothing });
  });
}
