import { describe, expect, test } from 'vitest';
import {
  canaryKeyRequest,
  IssueKeyRequest,
  issueKey,
} from '../../functions/domain/accounts/issue-key.ts';
import { playCreditsRefill } from '../../functions/domain/billing/play-credits.ts';
import { hashOfKey, keyIdOf } from '../../functions/domain/model/api-key.ts';
import { canaryAccount, canaryMinutes } from '../../functions/domain/model/canary.ts';
import { testAccountOf, testLimits } from '../../functions/domain/model/mode.ts';
import { toMilliCredits } from '../../functions/domain/model/money.ts';
import type { Pending, WithRequest } from '../../functions/domain/model/task.ts';
import { completed, sampleTime } from '../support/tasks.ts';
import { auditedFunds } from './ledger-invariants.ts';
import { draft, entriesOf, type MakeStore, reserve, type Store, settle } from './stores.ts';

const owner = 'studio';
const side = testAccountOf(owner);
const play = testLimits.milliCreditsPerDay;
const dayMs = 24 * 60 * 60 * 1000;

/** A store with an account that has 5 credits, and its first test key. */
async function playingStore(make: MakeStore) {
  const store = await make();
  const { accounts, apiKeys, ledger } = store;
  const issue = issueKey({ accounts, keys: apiKeys, ledger, now: () => sampleTime });
  const issued = (more: object) =>
    issue(IssueKeyRequest.parse({ account: owner, ...more }), 'request');
  const live = await issued({ credits: 5 });
  const { api_key: apiKey } = await issued({ mode: 'test' });
  return { ...store, apiKey, liveKey: live.api_key, issued };
}

const taskOf = (apiKey: string, more: Partial<WithRequest<Pending>> = {}) =>
  draft({ account: side, keyId: keyIdOf(hashOfKey(apiKey)), ...more });

const liveFunds = async ({ accounts }: Store) => {
  const { granted, balance, reserved, used } = (await accounts.find(owner)) ?? {};
  return { granted, balance, reserved, used };
};
const untouched = { granted: 5000, balance: 5000, reserved: 0, used: 0 };

/** What every store guarantees of test mode. */
export function testModeContract(make: MakeStore): void {
  describe('a test key', () => {
    test('acts on the test side of its account, by fixed limits, as long as the account is enabled', async () => {
      const { keys, accounts, apiKey } = await playingStore(make);
      await accounts.change(owner, {
        userGroup: 'partners',
        disabled: true,
        limits: { requestsPerMinute: 7 },
        dailyBudget: 1000,
      });

      expect(apiKey).toMatch(/^sk-dr-test-/);
      const known = await keys.find(hashOfKey(apiKey));
      expect(known?.key).toMatchObject({ account: owner, mode: 'test' });
      expect(known?.account).toMatchObject({
        userGroup: 'partners',
        disabled: true,
        limits: { requestsPerMinute: testLimits.requestsPerMinute },
      });
      expect(known?.account.budget).toBeUndefined();
    });

    test('is listed with the live keys of its account; the test side is in no list of accounts', async () => {
      const { accounts, apiKeys } = await playingStore(make);

      const { keys } = await apiKeys.list(owner, { limit: 10 });
      expect(keys.map(({ mode }) => mode).toSorted()).toEqual(['test', undefined]);
      const { accounts: listed } = await accounts.list({ limit: 10 });
      expect(listed.map(({ account }) => account)).toEqual([owner]);
    });

    test('the second test key shares the side, and its credits, with the first', async () => {
      const store = await playingStore(make);
      await store.ledger.refill(playCreditsRefill(side, sampleTime));

      await store.issued({ mode: 'test' });

      expect(await auditedFunds(store, side)).toMatchObject({ balance: play });
    });

    test('of the canary has play credits for all its runs of a day, at the highest price that an image can have', async () => {
      const store = await playingStore(make);
      const { accounts, apiKeys, ledger } = store;
      const issue = issueKey({ accounts, keys: apiKeys, ledger, now: () => sampleTime });
      const { api_key: apiKey } = await issue(canaryKeyRequest, 'request');
      const account = testAccountOf(canaryAccount);
      await ledger.refill(playCreditsRefill(account, sampleTime));
      const runs = (24 * 60) / canaryMinutes;
      const highest = toMilliCredits(1_000_000);

      const { balance = 0 } = (await auditedFunds(store, account)) ?? {};
      const task = taskOf(apiKey, { account, reserved: highest });
      expect(await reserve(store, task)).toMatchObject({ state: 'reserved' });
      expect(balance).toBeGreaterThanOrEqual(runs * highest);
    });

    test('has its own spending, also beside live keys', async () => {
      const store = await playingStore(make);
      await store.ledger.refill(playCreditsRefill(side, sampleTime));
      const task = taskOf(store.apiKey);
      await reserve(store, task);
      const { keys } = await store.apiKeys.list(owner, { limit: 10 });

      const spending = await store.apiKeys.spending(keys);

      expect(spending.get(task.keyId)).toMatchObject({ reserved: task.reserved });
      expect(spending.get(keyIdOf(hashOfKey(store.liveKey)))).toMatchObject({ reserved: 0 });
    });

    test('callbacks of both sides are signed with the same secret', async () => {
      const { accounts } = await playingStore(make);
      await accounts.rotateSecret(owner, 'whsec_new', sampleTime + 1);

      expect(await accounts.secrets(side)).toEqual(await accounts.secrets(owner));
    });
  });

  describe('play credits', () => {
    test('exist from the first refill on, and are not part of the live balance', async () => {
      const store = await playingStore(make);

      expect(await store.ledger.refill(playCreditsRefill(side, sampleTime))).toBe(true);

      expect(await auditedFunds(store, side)).toMatchObject({
        balance: play,
        reserved: 0,
        used: 0,
      });
      const task = taskOf(store.apiKey);
      expect(await reserve(store, task)).toEqual({ state: 'reserved' });
      const { id, account, keyId, reserved } = task;
      await settle(store, completed({ id, account, keyId, reserved, charged: reserved }));
      expect(await auditedFunds(store, side)).toMatchObject({
        balance: play - task.reserved,
        used: task.reserved,
        inFlight: 0,
      });
      expect(await liveFunds(store)).toEqual(untouched);
      expect(await entriesOf(store, owner)).toHaveLength(1);
    });

    test('are refilled once a day, however many requests ask for it at once, and only up to their number', async () => {
      const store = await playingStore(make);
      await store.ledger.refill(playCreditsRefill(side, sampleTime));
      const task = taskOf(store.apiKey, { reserved: 50_000 });
      await reserve(store, task);

      await store.ledger.refill(playCreditsRefill(side, sampleTime + 1));
      expect(await auditedFunds(store, side)).toMatchObject({ balance: play - 50_000 });

      const refills = Array.from({ length: 5 }, () =>
        store.ledger.refill(playCreditsRefill(side, sampleTime + dayMs)),
      );
      expect(await Promise.all(refills)).toEqual(Array(5).fill(true));
      expect(await auditedFunds(store, side)).toMatchObject({ balance: play, reserved: 50_000 });
      expect(await store.accounts.find(side)).toMatchObject({ granted: play + 50_000 });
    });

    test('a refill does not take away what tasks of yesterday have given back', async () => {
      const store = await playingStore(make);
      await store.ledger.refill(playCreditsRefill(side, sampleTime));
      const task = taskOf(store.apiKey, { reserved: 50_000 });
      await reserve(store, task);
      await store.ledger.refill(playCreditsRefill(side, sampleTime + dayMs));
      const { id, account, keyId, reserved } = task;
      await settle(store, completed({ id, account, keyId, reserved, charged: 0 }));

      await store.ledger.refill(playCreditsRefill(side, sampleTime + 2 * dayMs));

      expect(await auditedFunds(store, side)).toMatchObject({
        balance: play + 50_000,
        reserved: 0,
      });
    });

    test('a clock that is behind does not refill a day again', async () => {
      const store = await playingStore(make);
      await store.ledger.refill(playCreditsRefill(side, sampleTime + dayMs));
      await reserve(store, taskOf(store.apiKey));

      expect(await store.ledger.refill(playCreditsRefill(side, sampleTime))).toBe(true);

      expect(await auditedFunds(store, side)).toMatchObject({ balance: play - 1200 });
    });

    test('can run out, and then tasks are refused as for any other credits', async () => {
      const store = await playingStore(make);
      await store.ledger.refill(playCreditsRefill(side, sampleTime));
      await reserve(store, taskOf(store.apiKey, { reserved: play - 100 }));

      expect(await reserve(store, taskOf(store.apiKey))).toEqual({
        state: 'insufficient',
        balance: 100,
      });
      expect(await liveFunds(store)).toEqual(untouched);
    });

    test(`no more than ${testLimits.tasksInFlight} test tasks are open at once`, async () => {
      const store = await playingStore(make);
      await store.ledger.refill(playCreditsRefill(side, sampleTime));
      for (let open = 0; open < testLimits.tasksInFlight; open += 1) {
        expect(await reserve(store, taskOf(store.apiKey))).toEqual({ state: 'reserved' });
      }

      expect(await reserve(store, taskOf(store.apiKey))).toMatchObject({
        state: 'too_many_in_flight',
      });
    });
  });

  test('a list of one side has no task of the other', async () => {
    const store = await playingStore(make);
    await store.ledger.refill(playCreditsRefill(side, sampleTime));
    const played = taskOf(store.apiKey);
    const live = taskOf(store.liveKey, { account: owner });
    await reserve(store, played);
    await reserve(store, live);

    const idsOf = async (account: string) => {
      const positions = await store.history.positions(account, { limit: 10 });
      return positions.map(({ id }) => id);
    };

    expect(await idsOf(side)).toEqual([played.id]);
    expect(await idsOf(owner)).toEqual([live.id]);
  });
}
