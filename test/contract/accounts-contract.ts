import { describe, expect, test } from 'vitest';
import {
  type AccountChange,
  type Limits,
  type NewAccount,
  noFunds,
} from '../../functions/domain/model/account.ts';
import { omit } from '../support/omit.ts';
import { sampleTime } from '../support/tasks.ts';
import { accountListsContract } from './account-lists-contract.ts';
import { grant, type MakeStore } from './stores.ts';

const studio: NewAccount = {
  account: 'studio',
  userGroup: 'partners',
  createdAt: sampleTime,
  limits: { requestsPerMinute: 60, tasksInFlight: 5 },
  webhookSecret: 'whsec_1',
};
const shown = omit(studio, 'webhookSecret');

/** What every store of accounts guarantees. */
export function accountsContract(make: MakeStore): void {
  describe('an account', () => {
    additions(make);
    changes(make);
  });
  describe('the accounts', () => accountListsContract(make));
  describe('the webhook secret of an account', () => secrets(make));
}

function additions(make: MakeStore): void {
  test.each<[string, Limits]>([
    ['limits of its own', { requestsPerMinute: 60, tasksInFlight: 5 }],
    ['one limit of its own', { tasksInFlight: 5 }],
    ['the default limits', {}],
    ['limits that were left out', { requestsPerMinute: undefined, tasksInFlight: undefined }],
  ])('an account is stored as it was added, without credits, with %s', async (__, limits) => {
    const { accounts } = await make();

    expect(await accounts.add({ ...studio, limits })).toBe(true);

    expect(await accounts.find('studio')).toEqual({ ...shown, limits, ...noFunds });
  });

  test('an account is created once and keeps its secret and its credits', async () => {
    const store = await make();
    await store.accounts.add(studio);
    await store.ledger.credit({ account: 'studio', amount: 700, at: 1 });
    const before = await store.accounts.find('studio');

    // An account with the same secret may count as the same one; the stored account must never be overwritten.
    await store.accounts.add({ ...studio, userGroup: 'staff' });
    const repeated = await store.accounts.add({
      ...studio,
      webhookSecret: 'two',
      userGroup: 'staff',
    });

    expect(repeated).toBe(false);
    expect(before).toMatchObject({ ...shown, balance: 700 });
    expect(await store.accounts.find('studio')).toEqual(before);
    expect(await store.accounts.secrets('studio')).toEqual({ newest: 'whsec_1' });
  });

  test('of simultaneous requests to create an account one succeeds', async () => {
    const { accounts } = await make();
    const all = ['one', 'two', 'three'];

    const made = await Promise.all(
      all.map((webhookSecret) => accounts.add({ ...studio, webhookSecret })),
    );

    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await accounts.secrets('studio')).toEqual({ newest: all[made.indexOf(true)] });
  });

  test('an account that was never created is not found', async () => {
    const { accounts } = await make();

    expect(await accounts.find('nobody')).toBeUndefined();
    expect(await accounts.secrets('nobody')).toBeUndefined();
  });
}

const { limits } = studio;

function changes(make: MakeStore): void {
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
  ])(
    'a change of an account changes only the fields that it names: %j',
    async (change, changed) => {
      const store = await make();
      await store.accounts.add(studio);
      await store.ledger.credit({ account: 'studio', amount: 700, at: 1 });
      const before = await store.accounts.find('studio');

      const changedAccount = await store.accounts.change('studio', change);

      expect(changedAccount).toEqual({ ...before, ...changed });
      expect(changedAccount).toHaveProperty('balance', 700);
      expect(await store.accounts.find('studio')).toEqual(changedAccount);
      expect(await store.accounts.secrets('studio')).toEqual({ newest: 'whsec_1' });
    },
  );

  test('a limit that is absent can be removed, and then set', async () => {
    const { accounts } = await make();
    await accounts.add({ ...studio, limits: {} });

    const lost = await accounts.change('studio', { limits: { tasksInFlight: null } });
    const gained = await accounts.change('studio', { limits: { requestsPerMinute: 1 } });

    expect([lost?.limits, gained?.limits]).toEqual([{}, { requestsPerMinute: 1 }]);
  });

  test('changing an account that does not exist does not create it', async () => {
    const { accounts } = await make();

    expect(await accounts.change('nobody', { userGroup: 'staff' })).toBeUndefined();
    expect(await accounts.find('nobody')).toBeUndefined();
  });
}

function secrets(make: MakeStore): void {
  test('rotating a secret keeps the previous one until the given time', async () => {
    const { accounts } = await make();
    await accounts.add(studio);

    expect(await accounts.rotateSecret('studio', 'whsec_2', sampleTime + 5)).toBe(true);

    expect(await accounts.secrets('studio')).toEqual({
      newest: 'whsec_2',
      previous: { secret: 'whsec_1', until: sampleTime + 5 },
    });
  });

  test('rotating a secret twice keeps one previous secret, not two', async () => {
    const { accounts } = await make();
    await accounts.add(studio);
    await accounts.rotateSecret('studio', 'whsec_2', sampleTime + 5);

    await accounts.rotateSecret('studio', 'whsec_3', sampleTime + 1);

    expect(await accounts.secrets('studio')).toEqual({
      newest: 'whsec_3',
      previous: { secret: 'whsec_2', until: sampleTime + 1 },
    });
  });

  test('rotating the secret of an account that does not exist does not create it', async () => {
    const { accounts } = await make();

    expect(await accounts.rotateSecret('nobody', 'whsec_2', sampleTime)).toBe(false);
    expect(await accounts.find('nobody')).toBeUndefined();
  });

  test('the secret and the funds of an account do not affect each other', async () => {
    const store = await make();
    await grant(store, 'studio', 700);
    const before = await store.accounts.find('studio');

    await store.accounts.rotateSecret('studio', 'whsec_2', sampleTime);
    expect(await store.accounts.find('studio')).toEqual(before);
    await store.ledger.credit({ account: 'studio', amount: 1, at: 1 });
    expect(await store.accounts.secrets('studio')).toMatchObject({ newest: 'whsec_2' });
  });
}
