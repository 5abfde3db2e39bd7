import { describe, expect, test } from 'vitest';
import {
  type AccountChange,
  type Limits,
  type NewAccount,
  noFunds,
} from '../../functions/task/account.ts';
import { sampleTime } from '../support/tasks.ts';
import { accountListsContract } from './account-lists-contract.ts';
import { grant, type Make } from './stores.ts';

const studio: NewAccount = {
  ...{ account: 'studio', userGroup: 'partners', createdAt: sampleTime },
  ...{ limits: { requestsPerMinute: 60, tasksInFlight: 5 }, webhookSecret: 'whsec_1' },
};
const { webhookSecret: _, ...shown } = studio;

/** What every store of accounts guarantees. */
export function accountsContract(make: Make): void {
  describe('an account', () => {
    additions(make);
    changes(make);
  });
  describe('the accounts', () => accountListsContract(make));
  describe('the webhook secret of an account', () => secrets(make));
}

function additions(make: Make): void {
  test.each<[string, Limits]>([
    ['limits of its own', { requestsPerMinute: 60, tasksInFlight: 5 }],
    ['one limit of its own', { tasksInFlight: 5 }],
    ['the default limits', {}],
    ['limits that were left out', { requestsPerMinute: undefined, tasksInFlight: undefined }],
  ])('is kept as it was added, without credits, with %s', async (__, limits) => {
    const { accounts } = await make();

    expect(await accounts.add({ ...studio, limits })).toBe(true);

    expect(await accounts.find('studio')).toEqual({ ...shown, limits, ...noFunds });
  });

  test('is made once and keeps its secret and its credits', async () => {
    const store = await make();
    await store.accounts.add(studio);
    await store.ledger.credit({ account: 'studio', amount: 700, at: 1 });
    const before = await store.accounts.find('studio');

    // By the same secret it may be known again as this one; written over it must never be.
    await store.accounts.add({ ...studio, userGroup: 'staff' });
    const again = await store.accounts.add({ ...studio, webhookSecret: 'two', userGroup: 'staff' });

    expect(again).toBe(false);
    expect(before).toMatchObject({ ...shown, balance: 700 });
    expect(await store.accounts.find('studio')).toEqual(before);
    expect(await store.accounts.secrets('studio')).toEqual({ newest: 'whsec_1' });
  });

  test('is made by one of several who make it at once', async () => {
    const { accounts } = await make();
    const all = ['one', 'two', 'three'];

    const made = await Promise.all(
      all.map((webhookSecret) => accounts.add({ ...studio, webhookSecret })),
    );

    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await accounts.secrets('studio')).toEqual({ newest: all[made.indexOf(true)] });
  });

  test('that nobody made is not there', async () => {
    const { accounts } = await make();

    expect(await accounts.find('nobody')).toBeUndefined();
    expect(await accounts.secrets('nobody')).toBeUndefined();
  });
}

const { limits } = studio;

function changes(make: Make): void {
  test.each<[AccountChange, Partial<NewAccount>]>([
    [{ userGroup: 'staff' }, { userGroup: 'staff' }],
    [{ limits: { tasksInFlight: 9 } }, { limits: { ...limits, tasksInFlight: 9 } }],
    [{ limits: { requestsPerMinute: 9 } }, { limits: { ...limits, requestsPerMinute: 9 } }],
    [{ limits: { tasksInFlight: null } }, { limits: { requestsPerMinute: 60 } }],
    [{ limits: { requestsPerMinute: null } }, { limits: { tasksInFlight: 5 } }],
    [{ limits: { requestsPerMinute: null, tasksInFlight: null } }, { limits: {} }],
    [
      { userGroup: 'staff', limits: { requestsPerMinute: null, tasksInFlight: 1 } },
      { userGroup: 'staff', limits: { tasksInFlight: 1 } },
    ],
  ])('is changed in nothing but what is named: %j', async (change, changed) => {
    const store = await make();
    await store.accounts.add(studio);
    await store.ledger.credit({ account: 'studio', amount: 700, at: 1 });
    const before = await store.accounts.find('studio');

    const answer = await store.accounts.change('studio', change);

    expect(answer).toEqual({ ...before, ...changed });
    expect(answer).toHaveProperty('balance', 700);
    expect(await store.accounts.find('studio')).toEqual(answer);
    expect(await store.accounts.secrets('studio')).toEqual({ newest: 'whsec_1' });
  });

  test('may lose a limit it never had, and gain one', async () => {
    const { accounts } = await make();
    await accounts.add({ ...studio, limits: {} });

    const lost = await accounts.change('studio', { limits: { tasksInFlight: null } });
    const gained = await accounts.change('studio', { limits: { requestsPerMinute: 1 } });

    expect([lost?.limits, gained?.limits]).toEqual([{}, { requestsPerMinute: 1 }]);
  });

  test('that is not there is not changed, and not made by it', async () => {
    const { accounts } = await make();

    expect(await accounts.change('nobody', { userGroup: 'staff' })).toBeUndefined();
    expect(await accounts.find('nobody')).toBeUndefined();
  });
}

function secrets(make: Make): void {
  test('is rotated: the one before it stays until then', async () => {
    const { accounts } = await make();
    await accounts.add(studio);

    expect(await accounts.rotateSecret('studio', 'whsec_2', sampleTime + 5)).toBe(true);

    expect(await accounts.secrets('studio')).toEqual({
      ...{ newest: 'whsec_2', previous: { secret: 'whsec_1', until: sampleTime + 5 } },
    });
  });

  test('has one before it, and not two', async () => {
    const { accounts } = await make();
    await accounts.add(studio);
    await accounts.rotateSecret('studio', 'whsec_2', sampleTime + 5);

    await accounts.rotateSecret('studio', 'whsec_3', sampleTime + 1);

    expect(await accounts.secrets('studio')).toEqual({
      ...{ newest: 'whsec_3', previous: { secret: 'whsec_2', until: sampleTime + 1 } },
    });
  });

  test('of an account that is not there is not rotated, and does not make it', async () => {
    const { accounts } = await make();

    expect(await accounts.rotateSecret('nobody', 'whsec_2', sampleTime)).toBe(false);
    expect(await accounts.find('nobody')).toBeUndefined();
  });

  test('and money do not touch each other', async () => {
    const store = await make();
    await grant(store, 'studio', 700);
    const before = await store.accounts.find('studio');

    await store.accounts.rotateSecret('studio', 'whsec_2', sampleTime);
    expect(await store.accounts.find('studio')).toEqual(before);
    await store.ledger.credit({ account: 'studio', amount: 1, at: 1 });
    expect(await store.accounts.secrets('studio')).toMatchObject({ newest: 'whsec_2' });
  });
}
