import { describe, expect, test } from 'vitest';
import { getCredits } from '../../../../functions/domain/billing/get-credits.ts';
import {
  type ApiKey,
  noSpending,
  type Spending,
} from '../../../../functions/domain/model/api-key.ts';
import { sampleCaller, sampleKey, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';
import { sampleAccount } from '../sample-account.ts';

const account = sampleAccount({
  granted: 100_000,
  balance: 88_800,
  reserved: 1200,
  used: 10_000,
  inFlight: 1,
});

const spendingOf = (spending: Spending) => async () => new Map([[sampleCaller.keyId, spending]]);

const context = (key: ApiKey | undefined, spending: Spending = noSpending) =>
  getCredits({
    accounts: { find: async () => account },
    keys: { find: async () => key, spending: spendingOf(spending) },
    now: () => sampleTime,
  });

const { keyId: id, name, scopes } = sampleKey({});
const who = { id, name, scopes };
const user = { remaining_credits: 88.8, used_credits: 10 };

describe('a caller reads the credits', () => {
  test.each([
    [
      'through a key without a limit: the balance of the account',
      {},
      { used: 3600, reserved: 1200 },
      { remaining_credits: 88.8, unlimited_credits: true, used_credits: 3.6 },
    ],
    [
      'through a key with a limit: the rest of the limit',
      { totalLimit: 10_000 },
      { used: 3600, reserved: 1200 },
      { remaining_credits: 5.2, unlimited_credits: false, used_credits: 3.6 },
    ],
    [
      'through a key above its limit: nothing',
      { totalLimit: 4000 },
      { used: 3600, reserved: 1200 },
      { remaining_credits: 0, unlimited_credits: false, used_credits: 3.6 },
    ],
    [
      'through a key that may spend nothing: nothing',
      { totalLimit: 0 },
      noSpending,
      { remaining_credits: 0, unlimited_credits: false, used_credits: 0 },
    ],
    [
      'through a key with a daily limit: also what was used today',
      { dailyLimit: 5000 },
      { used: 3600, reserved: 0, today: 2400 },
      {
        remaining_credits: 88.8,
        unlimited_credits: true,
        used_credits: 3.6,
        daily_limit_credits: 5,
        daily_used_credits: 2.4,
        reset_timezone: 'UTC',
      },
    ],
    [
      'through a key not used today in its time zone: nothing used today',
      { dailyLimit: 5000, timeZone: 'Pacific/Kiritimati' },
      noSpending,
      {
        remaining_credits: 88.8,
        unlimited_credits: true,
        used_credits: 0,
        daily_limit_credits: 5,
        daily_used_credits: 0,
        reset_timezone: 'Pacific/Kiritimati',
      },
    ],
  ])('%s, beside the balance of the account', async (_what, key, spending, token) => {
    expect(await context(sampleKey(key), spending)(sampleCaller)).toEqual({
      data: { token: { ...who, ...token }, user },
      message: '',
      success: true,
    });
  });

  test('of the own account and key only', async () => {
    const lookups: string[] = [];
    const noting = async <T>(id: string, found: T) => {
      lookups.push(id);
      return found;
    };
    const read = getCredits({
      accounts: { find: (id) => noting(id, account) },
      keys: {
        find: (id) => noting(id, sampleKey({ keyId: id })),
        spending: ([key]) => noting(`of ${key?.keyId}`, new Map()),
      },
      now: () => sampleTime,
    });

    await read({ account: 'studio', keyId: 'key-1' });

    expect(lookups).toEqual(['studio', 'key-1', 'of key-1']);
  });
});

test('a key that was deleted a moment ago is not valid any more', async () => {
  expect(await thrownBy(context(undefined)(sampleCaller))).toMatchObject({
    code: 'unauthorized',
    message: 'The API key is not valid.',
  });
});

test('an account that is missing is an internal error', async () => {
  const read = getCredits({
    accounts: { find: async () => undefined },
    keys: { find: async () => sampleKey(), spending: spendingOf(noSpending) },
    now: () => sampleTime,
  });

  await expect(read(sampleCaller)).rejects.toThrow('the account default does not exist');
});
