import { describe, expect, test } from 'vitest';
import { noFunds } from '../../../functions/task/account.ts';
import type { ApiKey } from '../../../functions/task/api-key.ts';
import { type Books, reserve, type Shortage } from '../../../functions/task/ledger.ts';
import { sampleId, sampleKey, sampleTime } from '../../support/tasks.ts';
import { adds, books, done, having, price, task, today } from './ledger-books.ts';

describe('reserving the price of a task', () => {
  test('sets it aside, on the account and on the key, and enters it', () => {
    const before = books({ reserved: 100, used: 200, day: today, dayUsed: 300, moves: 7 });

    const movement = done(reserve(before, task));

    adds(before.funds, movement);
    expect(movement).toEqual({
      funds: {
        ...{ granted: 10_000, balance: 8800, reserved: price, used: 0 },
        ...{ inFlight: 1, entries: 2 },
      },
      spending: {
        ...{ reserved: 1300, used: 200, day: today, dayUsed: 1500, moves: 8 },
      },
      entry: {
        ...{ number: 2, kind: 'reserve', at: sampleTime, amount: -price, balance: 8800 },
        ...{ taskId: sampleId, keyId: task.keyId },
      },
    });
  });

  test.each([
    ['never used', {}, price],
    ['used today', { day: today, dayUsed: 500 }, price + 500],
    ['used yesterday', { day: '2025-09-05', dayUsed: 500 }, price],
    ['used on a day long ago', { day: '2024-09-06', dayUsed: 500 }, price],
  ])('on a key %s, it counts for today', (_what, key, dayUsed) => {
    expect(done(reserve(books(key), task)).spending).toMatchObject({ day: today, dayUsed });
  });

  // Around midnight requests overtake each other: the day must not begin anew with each of them.
  test('of a task that comes late it counts for the day that others have begun', () => {
    const begun = { day: '2025-09-07', dayUsed: 500 };

    expect(done(reserve(books(begun), task)).spending).toMatchObject({
      ...{ day: '2025-09-07', dayUsed: price + 500 },
    });
    expect(reserve(books({ ...begun, dailyLimit: price }), task)).toMatchObject({
      ...{ state: 'key-exhausted-today', dayUsed: 500 },
    });
  });

  test.each([
    ['UTC', '2025-09-06'],
    ['Asia/Shanghai', '2025-09-06'],
    ['Pacific/Kiritimati', '2025-09-07'],
    ['Pacific/Niue', '2025-09-06'],
  ])('today is what it is in the time zone of the key: %s', (timeZone, day) => {
    expect(done(reserve(books({ timeZone }), task)).spending?.day).toBe(day);
  });

  test.each<[string, Books]>([
    ['the last credit of the account', books({}, { funds: having(price) })],
    ['the last credit of the key', books({ totalLimit: 5000, used: 3000, reserved: 800 })],
    ['the last credit of the day', books({ dailyLimit: 5000, day: today, dayUsed: 3800 })],
    [
      'the first credits of a new day',
      books({ dailyLimit: price, day: '2025-09-05', dayUsed: price }),
    ],
    ['the last place', books({}, { funds: having(10_000, { inFlight: 99 }) })],
    [
      'the last place of its own limit',
      books({}, { limits: { tasksInFlight: 7 }, funds: having(10_000, { inFlight: 6 }) }),
    ],
  ])('%s can be had', (_what, before) => {
    adds(before.funds, done(reserve(before, task)));
  });

  const own = (key: Partial<ApiKey>) => sampleKey(key);
  const spent = { totalLimit: 5000, used: 3000, reserved: 801 };
  const spentToday = { dailyLimit: 5000, day: today, dayUsed: 3801 };
  const full = having(10_000, { inFlight: 100 });

  test.each<[string, Books, Shortage]>([
    [
      'an account with a milli-credit too few',
      books({}, { funds: having(price - 1) }),
      { state: 'insufficient', balance: price - 1 },
    ],
    [
      'an account without any',
      books({}, { funds: noFunds }),
      { state: 'insufficient', balance: 0 },
    ],
    [
      'a key with a milli-credit too few',
      books(spent),
      { state: 'key-exhausted', key: own(spent) },
    ],
    [
      'a key that may spend nothing',
      books({ totalLimit: 0 }),
      { state: 'key-exhausted', key: own({ totalLimit: 0 }) },
    ],
    [
      'a key with a milli-credit too few for today',
      books(spentToday),
      { state: 'key-exhausted-today', key: own(spentToday), dayUsed: 3801 },
    ],
    [
      'a key whose limit for a day is below the price, on a new day',
      books({ dailyLimit: price - 1, day: '2025-09-05', dayUsed: 1 }),
      {
        ...{ state: 'key-exhausted-today', dayUsed: 0 },
        key: own({ dailyLimit: price - 1, day: '2025-09-05', dayUsed: 1 }),
      },
    ],
    [
      'an account with 100 tasks',
      books({}, { funds: full }),
      { state: 'crowded', tasksInFlight: 100 },
    ],
    [
      'an account with as many tasks as its own limit',
      books({}, { limits: { tasksInFlight: 7 }, funds: having(10_000, { inFlight: 7 }) }),
      { state: 'crowded', tasksInFlight: 7 },
    ],
    [
      'an account whose limit was lowered below what it has',
      books({}, { limits: { tasksInFlight: 1 }, funds: having(10_000, { inFlight: 7 }) }),
      { state: 'crowded', tasksInFlight: 1 },
    ],
    ['a key that is gone', books({}, { key: undefined }), { state: 'key-gone' }],
  ])('%s gets nothing', (_what, before, shortage) => {
    expect(reserve(before, task)).toEqual(shortage);
  });

  // Whoever mends the first thing that is said learns of the next, from the closest to the widest.
  test.each<[string, Books, Shortage['state']]>([
    ['a key that is gone', books({}, { key: undefined, funds: noFunds }), 'key-gone'],
    ['what the key may spend', books({ ...spent, ...spentToday }), 'key-exhausted'],
    ["the key's day", books(spentToday, { funds: noFunds }), 'key-exhausted-today'],
    ['the balance', books({}, { funds: { ...noFunds, inFlight: 100 } }), 'insufficient'],
  ])('of several reasons, %s comes first', (_what, before, state) => {
    expect(reserve(before, task)).toMatchObject({ state });
  });
});
