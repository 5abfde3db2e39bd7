import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../../functions/task/api-key.ts';
import { getCredits } from '../../../functions/task/get-credits.ts';
import { sampleCaller, sampleKey, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';
import { sampleAccount } from './sample-account.ts';

const account = sampleAccount({
  ...{ granted: 100_000, balance: 88_800, reserved: 1200, used: 10_000, entries: 4, inFlight: 1 },
});

const world = (key: ApiKey | undefined, has: typeof account | undefined = account) =>
  getCredits({
    accounts: { find: async () => has },
    keys: { find: async () => key },
    now: () => sampleTime,
  });

const user = { remaining_credits: 88.8, used_credits: 10 };

describe('a caller learns what he has', () => {
  test.each([
    [
      'through a key without a limit: all of the account',
      { used: 3600, reserved: 1200 },
      { remaining_credits: 88.8, unlimited_credits: true, used_credits: 3.6 },
    ],
    [
      'through a key with a limit: what is left of it',
      { used: 3600, reserved: 1200, totalLimit: 10_000 },
      { remaining_credits: 5.2, unlimited_credits: false, used_credits: 3.6 },
    ],
    [
      'through a key above its limit: nothing',
      { used: 3600, reserved: 1200, totalLimit: 4000 },
      { remaining_credits: 0, unlimited_credits: false, used_credits: 3.6 },
    ],
    [
      'through a key that may spend nothing: nothing',
      { totalLimit: 0 },
      { remaining_credits: 0, unlimited_credits: false, used_credits: 0 },
    ],
    [
      'through a key with a daily limit: also how far the day has got',
      { used: 3600, dailyLimit: 5000, day: '2025-09-06', dayUsed: 2400 },
      {
        ...{ remaining_credits: 88.8, unlimited_credits: true, used_credits: 3.6 },
        ...{ daily_limit_credits: 5, daily_used_credits: 2.4, reset_timezone: 'UTC' },
      },
    ],
    [
      'through a key not used yet today, where it is: an untouched day',
      { dailyLimit: 5000, day: '2025-09-06', dayUsed: 2400, timeZone: 'Pacific/Kiritimati' },
      {
        ...{ remaining_credits: 88.8, unlimited_credits: true, used_credits: 0 },
        ...{ daily_limit_credits: 5, daily_used_credits: 0, reset_timezone: 'Pacific/Kiritimati' },
      },
    ],
  ])('%s', async (_what, key, token) => {
    expect(await world(sampleKey(key))(sampleCaller)).toEqual({
      ...{ data: { token, user }, message: '', success: true },
    });
  });

  test('of his own account and key alone', async () => {
    const asked: string[] = [];
    const noting = async <T>(id: string, found: T) => {
      asked.push(id);
      return found;
    };
    const read = getCredits({
      accounts: { find: (id) => noting(id, account) },
      keys: { find: (id) => noting(id, sampleKey()) },
      now: () => sampleTime,
    });

    await read({ account: 'studio', keyId: 'key-1' });

    expect(asked).toEqual(['studio', 'key-1']);
  });
});

test('a key that was deleted a moment ago is no key any more', async () => {
  expect(await thrownBy(world(undefined)(sampleCaller))).toMatchObject({
    ...{ code: 'unauthorized', message: 'The API key is not valid.' },
  });
});

test('an account that went away is an error of ours', async () => {
  const read = getCredits({
    accounts: { find: async () => undefined },
    keys: { find: async () => sampleKey() },
    now: () => sampleTime,
  });

  await expect(read(sampleCaller)).rejects.toThrow('the account default is not there');
});
