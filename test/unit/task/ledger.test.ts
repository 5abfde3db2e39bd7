import { describe, expect, test } from 'vitest';
import { noFunds } from '../../../functions/task/account.ts';
import type { ApiKey } from '../../../functions/task/api-key.ts';
import { type Books, credit, reserve, settle, usedToday } from '../../../functions/task/ledger.ts';
import { completed, failed, sampleId, sampleKey, sampleTime } from '../../support/tasks.ts';
import { adds, books, done, having, price, task, today } from './ledger-books.ts';

const account = 'default';
const hour = 3_600_000;

describe('settling a task', () => {
  const before = done(reserve(books({ day: today, dayUsed: 300, used: 50, moves: 7 }), task));
  const afterwards = (key: Partial<ApiKey> = {}): Books =>
    books({ ...before.spending, ...key }, { funds: before.funds });

  test.each([
    ['all that was asked for', completed({ charged: price }), 0, 1500],
    ['a part of it', completed({ charged: 400 }), 800, 700],
    ['nothing', failed(), price, 300],
  ])(
    'charges for %s, and returns the rest to the balance and the day',
    (_what, ended, returned, dayUsed) => {
      const { charged } = ended;

      const movement = settle(afterwards(), ended);

      adds(before.funds, movement);
      expect(movement).toEqual({
        funds: {
          ...{ granted: 10_000, balance: 8800 + returned, reserved: 0, used: charged },
          ...{ inFlight: 0, entries: 3 },
        },
        spending: { reserved: 0, used: 50 + charged, day: today, dayUsed, moves: 9 },
        entry: {
          ...{ number: 3, kind: 'settle', at: ended.finishedAt, amount: returned, charged },
          ...{ balance: 8800 + returned, taskId: sampleId, keyId: task.keyId },
        },
      });
    },
  );

  test('a day that has begun since owes nothing to the one before it', () => {
    const tomorrow = { day: '2025-09-07', dayUsed: 2400 };

    const { spending } = settle(
      afterwards(tomorrow),
      failed({ finishedAt: sampleTime + 24 * hour }),
    );

    expect(spending).toMatchObject(tomorrow);
  });

  test('the end may come on another day: the price belongs to the day it was asked for', () => {
    const { spending } = settle(afterwards(), failed({ finishedAt: sampleTime + 24 * hour }));

    expect(spending).toMatchObject({ day: today, dayUsed: 300 });
  });

  test('what is returned to a day never makes it less than unused, whatever its zone became', () => {
    // Asked for yesterday as the key had it; in the zone it has now that was today.
    const moved = { timeZone: 'Pacific/Kiritimati', day: '2025-09-07', dayUsed: 100 };

    const { spending } = settle(afterwards(moved), failed());

    expect(spending).toMatchObject({ day: '2025-09-07', dayUsed: 0 });
  });

  test('of a key that is gone the account is settled all the same', () => {
    const { funds, spending } = settle({ ...afterwards(), key: undefined }, failed());

    expect(funds).toMatchObject({ balance: 10_000, reserved: 0, inFlight: 0 });
    expect(spending).toBeUndefined();
  });
});

describe('credits', () => {
  const at = sampleTime;

  test.each([
    ['granted', having(1000, { reserved: 500, granted: 1500 }), 2500, 'grant'],
    ['granted to an account without any', noFunds, 1, 'grant'],
    ['withdrawn', having(1000, { used: 500, granted: 1500 }), -400, 'withdraw'],
    ['withdrawn to the last', having(1000), -1000, 'withdraw'],
  ] as const)('%s change what was granted and the balance', (_what, before, amount, kind) => {
    const movement = done(
      credit(before, { account, amount, at, keyId: 'key-1', note: 'invoice 7' }),
    );

    adds(before, movement);
    expect(movement).toEqual({
      funds: {
        ...{ ...before, granted: before.granted + amount, balance: before.balance + amount },
        entries: before.entries + 1,
      },
      entry: {
        ...{ number: before.entries + 1, kind, at, amount, balance: before.balance + amount },
        ...{ keyId: 'key-1', note: 'invoice 7' },
      },
    });
  });

  test.each([
    ['more than there is', having(1000), -1001, 1000],
    ['what is reserved', having(0, { reserved: 500, granted: 500 }), -1, 0],
  ])('%s cannot be withdrawn', (_what, before, amount, balance) => {
    expect(credit(before, { account, amount, at })).toEqual({ state: 'insufficient', balance });
  });
});

test.each([
  ['never used', {}, 0],
  ['used today', { day: today, dayUsed: 500 }, 500],
  ['used yesterday', { day: '2025-09-05', dayUsed: 500 }, 0],
  ['used today, where tomorrow has begun', { day: today, dayUsed: 500, timeZone: '+14:00' }, 0],
  ['used by one whose clock is ahead', { day: '2025-09-07', dayUsed: 500 }, 500],
])('a key %s has used %j of its day: %i', (_what, key, used) => {
  expect(usedToday(sampleKey(key), sampleTime)).toBe(used);
});
