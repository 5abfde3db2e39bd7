import { describe, expect, test } from 'vitest';
import {
  type AccountSnapshot,
  type ReserveFailure,
  reserve,
} from '../../../../functions/domain/billing/ledger.ts';
import { noFunds } from '../../../../functions/domain/model/account.ts';
import type { ApiKey } from '../../../../functions/domain/model/api-key.ts';
import { sampleId, sampleKey, sampleTime } from '../../../support/tasks.ts';
import {
  expectBalanced,
  fundsWith,
  posted,
  price,
  snapshot,
  task,
  today,
} from './account-snapshot.ts';

describe('reserving the price of a task', () => {
  test('moves it to reserved, on the account and on the key, and appends an entry', () => {
    const before = snapshot({ reserved: 100, used: 200, day: today, dayUsed: 300, version: 7 });

    const posting = posted(reserve(before, task));

    expectBalanced(before.funds, posting);
    expect(posting).toEqual({
      funds: {
        granted: 10_000,
        balance: 8800,
        reserved: price,
        used: 0,
        inFlight: 1,
        entries: 2,
      },
      spending: {
        reserved: 1300,
        used: 200,
        day: today,
        dayUsed: 1500,
        version: 8,
      },
      entry: {
        number: 2,
        kind: 'reserve',
        at: sampleTime,
        amount: -price,
        balance: 8800,
        taskId: sampleId,
        keyId: task.keyId,
      },
    });
  });

  test.each([
    ['never used', {}, price],
    ['used today', { day: today, dayUsed: 500 }, price + 500],
    ['used yesterday', { day: '2025-09-05', dayUsed: 500 }, price],
    ['used on a day long ago', { day: '2024-09-06', dayUsed: 500 }, price],
  ])('on a key %s, counts for today', (_what, key, dayUsed) => {
    expect(posted(reserve(snapshot(key), task)).spending).toMatchObject({ day: today, dayUsed });
  });

  // Around midnight requests may arrive in another order. A late one of yesterday must not restart the day.
  test('of a task from before midnight counts for the day that others have begun', () => {
    const begun = { day: '2025-09-07', dayUsed: 500 };

    expect(posted(reserve(snapshot(begun), task)).spending).toMatchObject({
      day: '2025-09-07',
      dayUsed: price + 500,
    });
    expect(reserve(snapshot({ ...begun, dailyLimit: price }), task)).toMatchObject({
      state: 'key_exhausted_today',
      dayUsed: 500,
    });
  });

  test.each([
    ['UTC', '2025-09-06'],
    ['Asia/Shanghai', '2025-09-06'],
    ['Pacific/Kiritimati', '2025-09-07'],
    ['Pacific/Niue', '2025-09-06'],
  ])("the day is that of the key's time zone: %s", (timeZone, day) => {
    expect(posted(reserve(snapshot({ timeZone }), task)).spending?.day).toBe(day);
  });

  test.each<[string, AccountSnapshot]>([
    ['the last credit of the account', snapshot({}, { funds: fundsWith(price) })],
    ['the last credit of the key', snapshot({ totalLimit: 5000, used: 3000, reserved: 800 })],
    ['the last credit of the day', snapshot({ dailyLimit: 5000, day: today, dayUsed: 3800 })],
    [
      'the first credits of a new day',
      snapshot({ dailyLimit: price, day: '2025-09-05', dayUsed: price }),
    ],
    ['the last task in flight', snapshot({}, { funds: fundsWith(10_000, { inFlight: 99 }) })],
    [
      'the last task in flight of its own limit',
      snapshot({}, { limits: { tasksInFlight: 7 }, funds: fundsWith(10_000, { inFlight: 6 }) }),
    ],
  ])('%s can be reserved', (_what, before) => {
    expectBalanced(before.funds, posted(reserve(before, task)));
  });

  const own = (key: Partial<ApiKey>) => sampleKey(key);
  const spent = { totalLimit: 5000, used: 3000, reserved: 801 };
  const spentToday = { dailyLimit: 5000, day: today, dayUsed: 3801 };
  const full = fundsWith(10_000, { inFlight: 100 });

  test.each<[string, AccountSnapshot, ReserveFailure]>([
    [
      'an account with a milli-credit too few',
      snapshot({}, { funds: fundsWith(price - 1) }),
      { state: 'insufficient', balance: price - 1 },
    ],
    [
      'an account without any',
      snapshot({}, { funds: noFunds }),
      { state: 'insufficient', balance: 0 },
    ],
    [
      'a key with a milli-credit too few',
      snapshot(spent),
      { state: 'key_exhausted', key: own(spent) },
    ],
    [
      'a key that may spend nothing',
      snapshot({ totalLimit: 0 }),
      { state: 'key_exhausted', key: own({ totalLimit: 0 }) },
    ],
    [
      'a key with a milli-credit too few for today',
      snapshot(spentToday),
      { state: 'key_exhausted_today', key: own(spentToday), dayUsed: 3801 },
    ],
    [
      'a key whose limit for a day is below the price, on a new day',
      snapshot({ dailyLimit: price - 1, day: '2025-09-05', dayUsed: 1 }),
      {
        state: 'key_exhausted_today',
        dayUsed: 0,
        key: own({ dailyLimit: price - 1, day: '2025-09-05', dayUsed: 1 }),
      },
    ],
    [
      'an account with 100 tasks',
      snapshot({}, { funds: full }),
      { state: 'too_many_in_flight', tasksInFlight: 100 },
    ],
    [
      'an account with as many tasks as its own limit',
      snapshot({}, { limits: { tasksInFlight: 7 }, funds: fundsWith(10_000, { inFlight: 7 }) }),
      { state: 'too_many_in_flight', tasksInFlight: 7 },
    ],
    [
      'an account whose limit was lowered below what it has',
      snapshot({}, { limits: { tasksInFlight: 1 }, funds: fundsWith(10_000, { inFlight: 7 }) }),
      { state: 'too_many_in_flight', tasksInFlight: 1 },
    ],
    ['a deleted key', snapshot({}, { key: undefined }), { state: 'key_deleted' }],
  ])('%s cannot be reserved from', (_what, before, failure) => {
    expect(reserve(before, task)).toEqual(failure);
  });

  // The failures come from the narrowest to the widest: the caller fixes one and then gets the next.
  test.each<[string, AccountSnapshot, ReserveFailure['state']]>([
    ['a deleted key', snapshot({}, { key: undefined, funds: noFunds }), 'key_deleted'],
    ['the limit of the key', snapshot({ ...spent, ...spentToday }), 'key_exhausted'],
    ['the daily limit of the key', snapshot(spentToday, { funds: noFunds }), 'key_exhausted_today'],
    ['the balance', snapshot({}, { funds: { ...noFunds, inFlight: 100 } }), 'insufficient'],
  ])('of several failures, the one about %s is returned', (_what, before, state) => {
    expect(reserve(before, task)).toMatchObject({ state });
  });
});
