import { describe, expect, test } from 'vitest';
import { AccountRequest } from '../../functions/domain/accounts/account-request.ts';
import { createAccount } from '../../functions/domain/accounts/accounts.ts';
import { completed, failed, sampleAct, sampleKey, sampleTime } from '../support/tasks.ts';
import {
  account,
  draft,
  fundedStore,
  fundsOf,
  type MakeStore,
  reserve,
  type Store,
  settle,
} from './stores.ts';

const price = 1200;
const tomorrow = sampleTime + 24 * 60 * 60 * 1000;

const budgeted = async (make: MakeStore, dailyBudget: number, stopAtBudget = true) => {
  const store = await fundedStore(make, 1000 * price);
  await store.accounts.change(account, { dailyBudget, stopAtBudget });
  return store;
};

/** Creates so many tasks, and returns the result of each. */
async function createMany(store: Store, count: number, more: { readonly createdAt?: number } = {}) {
  const tasks = Array.from({ length: count }, () => draft(more));
  const results = [];
  for (const task of tasks) results.push({ task, result: await reserve(store, task) });
  return results;
}

const accepted = (results: Awaited<ReturnType<typeof createMany>>) =>
  results.flatMap(({ task, result }) => (result.state === 'reserved' ? [task] : []));

/** What every ledger guarantees about the daily budget of an account. */
export function budgetsContract(make: MakeStore): void {
  test('an account that is created with a daily budget stops at it, and the budget can be removed', async () => {
    const store = await make();
    const owner = 'budgeted';
    const budget = { dailyBudget: 2 * price, stopAtBudget: true };
    const { accounts, ledger } = store;
    const create = createAccount({ accounts, now: () => sampleTime, budget });
    const created = await create(AccountRequest.parse({ id: owner }), sampleAct);
    await store.apiKeys.add(sampleKey({ account: owner }));
    await ledger.credit({ account: owner, amount: 9 * price, at: sampleTime });
    const states = async (count: number) => {
      const all: string[] = [];
      for (let task = 0; task < count; task += 1)
        all.push((await reserve(store, draft({ account: owner }))).state);
      return all;
    };

    expect(created).toMatchObject({ daily_budget_credits: 2.4, stop_at_budget: true });
    expect((await accounts.find(owner))?.budget).toEqual({
      amount: 2 * price,
      isLimit: true,
      epoch: 1,
    });
    expect(await states(3)).toEqual(['reserved', 'reserved', 'over_budget']);
    await accounts.change(owner, { dailyBudget: null });
    expect(await states(1)).toEqual(['reserved']);
  });

  describe('a daily budget at which an account stops', () => {
    test('lets through exactly the tasks that it can pay for, and then says what is left', async () => {
      const store = await budgeted(make, 5 * price + 500);

      const results = await createMany(store, 7);

      expect(accepted(results)).toHaveLength(5);
      expect(results.at(-1)?.result).toEqual({
        state: 'over_budget',
        budget: 5 * price + 500,
        remaining: 500,
      });
      expect(await fundsOf(store)).toMatchObject({ reserved: 5 * price, inFlight: 5 });
    });

    test('lets through no more tasks when many creates come at once', async () => {
      const store = await budgeted(make, 5 * price);

      const results = await Promise.all(Array.from({ length: 12 }, () => reserve(store, draft())));

      expect(results.filter(({ state }) => state === 'reserved')).toHaveLength(5);
      expect((await fundsOf(store)).reserved).toBe(5 * price);
    });

    test('gets back the part of a price that was not charged, and nothing else', async () => {
      const store = await budgeted(make, 2 * price);
      const [one, two] = accepted(await createMany(store, 2));
      await settle(store, failed({ id: one?.id ?? '', reservedIn: undefined }));
      await settle(store, completed({ id: two?.id ?? '' }));

      expect(accepted(await createMany(store, 3))).toHaveLength(1);
    });

    test('begins anew on the next day of UTC, and a task that ends then gives back to its own day', async () => {
      const store = await budgeted(make, 2 * price);
      const [one] = accepted(await createMany(store, 3));

      expect(accepted(await createMany(store, 3, { createdAt: tomorrow }))).toHaveLength(2);
      await settle(store, failed({ id: one?.id ?? '', finishedAt: tomorrow }));

      expect(accepted(await createMany(store, 1, { createdAt: tomorrow }))).toHaveLength(0);
      expect(accepted(await createMany(store, 2))).toHaveLength(1);
    });

    test('that is changed counts what was spent today', async () => {
      const store = await budgeted(make, 2 * price);
      await createMany(store, 2);

      await store.accounts.change(account, { dailyBudget: 3 * price });
      expect(accepted(await createMany(store, 3))).toHaveLength(1);
      await store.accounts.change(account, { dailyBudget: price });
      expect(accepted(await createMany(store, 1))).toHaveLength(0);
      await store.accounts.change(account, { dailyBudget: 5 * price });
      expect(accepted(await createMany(store, 4))).toHaveLength(2);
    });

    test('that is removed limits nothing, and a new one counts from then on', async () => {
      const store = await budgeted(make, price);
      const [one] = accepted(await createMany(store, 2));
      await store.accounts.change(account, { dailyBudget: null });
      expect((await store.accounts.find(account))?.budget).toBeUndefined();
      expect(accepted(await createMany(store, 3))).toHaveLength(3);

      await store.accounts.change(account, { dailyBudget: price });
      await settle(store, failed({ id: one?.id ?? '' }));

      expect(accepted(await createMany(store, 3))).toHaveLength(1);
    });
  });

  test('a daily budget at which an account does not stop marks each task beyond it', async () => {
    const store = await budgeted(make, 2 * price, false);

    const results = await createMany(store, 4);

    expect(results.map(({ result }) => result)).toEqual([
      { state: 'reserved' },
      { state: 'reserved' },
      { state: 'reserved', isOverBudget: true },
      { state: 'reserved', isOverBudget: true },
    ]);
    await store.accounts.change(account, { stopAtBudget: true });
    expect(accepted(await createMany(store, 1))).toHaveLength(0);
  });

  test('an account is disabled and enabled, and its funds and limits stay', async () => {
    const store = await fundedStore(make, 5000);
    const before = await store.accounts.find(account);

    expect(await store.accounts.change(account, { disabled: true })).toEqual({
      ...before,
      disabled: true,
    });
    expect(await store.accounts.change(account, { disabled: false })).toEqual(before);
  });
}
