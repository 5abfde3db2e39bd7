import { describe, expect, test } from 'vitest';
import {
  type AccountSnapshot,
  credit,
  reserve,
  settle,
  usedToday,
} from '../../../../functions/domain/billing/ledger.ts';
import { noFunds } from '../../../../functions/domain/model/account.ts';
import type { ApiKey } from '../../../../functions/domain/model/api-key.ts';
import { completed, failed, sampleId, sampleKey, sampleTime } from '../../../support/tasks.ts';
import {
  expectBalanced,
  fundsWith,
  posted,
  price,
  snapshot,
  task,
  today,
} from './account-snapshot.ts';

const account = 'default';
const hour = 3_600_000;

describe('settling a task', () => {
  const before = posted(
    reserve(snapshot({ day: today, dayUsed: 300, used: 50, version: 7 }), task),
  );
  const afterwards = (key: Partial<ApiKey> = {}): AccountSnapshot =>
    snapshot({ ...before.spending, ...key }, { funds: before.funds });

  test.each([
    ['the whole price', completed({ charged: price }), 0, 1500],
    ['a part of the price', completed({ charged: 400 }), 800, 700],
    ['nothing', failed(), price, 300],
  ])(
    'charges %s, and returns the rest to the balance and the day',
    (_what, ended, returned, dayUsed) => {
      const { charged } = ended;

      const posting = settle(afterwards(), ended);

      expectBalanced(before.funds, posting);
      expect(posting).toEqual({
        funds: {
          granted: 10_000,
          balance: 8800 + returned,
          reserved: 0,
          used: charged,
          inFlight: 0,
          entries: 3,
        },
        spending: { reserved: 0, used: 50 + charged, day: today, dayUsed, version: 9 },
        entry: {
          number: 3,
          kind: 'settle',
          at: ended.finishedAt,
          amount: returned,
          charged,
          balance: 8800 + returned,
          taskId: sampleId,
          keyId: task.keyId,
        },
      });
    },
  );

  test('does not change the spending of a day that has begun since', () => {
    const tomorrow = { day: '2025-09-07', dayUsed: 2400 };

    const { spending } = settle(
      afterwards(tomorrow),
      failed({ finishedAt: sampleTime + 24 * hour }),
    );

    expect(spending).toMatchObject(tomorrow);
  });

  test('counts its price on the day of the create, also when it ends on another day', () => {
    const { spending } = settle(afterwards(), failed({ finishedAt: sampleTime + 24 * hour }));

    expect(spending).toMatchObject({ day: today, dayUsed: 300 });
  });

  test('never makes the spending of a day negative, also after a change of the time zone', () => {
    // Created yesterday in the old time zone of the key; in its new one that was today.
    const moved = { timeZone: 'Pacific/Kiritimati', day: '2025-09-07', dayUsed: 100 };

    const { spending } = settle(afterwards(moved), failed());

    expect(spending).toMatchObject({ day: '2025-09-07', dayUsed: 0 });
  });

  test('settles the account also when the key was deleted', () => {
    const { funds, spending } = settle({ ...afterwards(), key: undefined }, failed());

    expect(funds).toMatchObject({ balance: 10_000, reserved: 0, inFlight: 0 });
    expect(spending).toBeUndefined();
  });
});

describe('credits', () => {
  const at = sampleTime;

  test.each([
    ['granted', fundsWith(1000, { reserved: 500, granted: 1500 }), 2500, 'grant'],
    ['granted to an account without any', noFunds, 1, 'grant'],
    ['withdrawn', fundsWith(1000, { used: 500, granted: 1500 }), -400, 'withdraw'],
    ['withdrawn down to 0', fundsWith(1000), -1000, 'withdraw'],
  ] as const)('%s change what was granted and the balance', (_what, before, amount, kind) => {
    const posting = posted(
      credit(before, { account, amount, at, keyId: 'key-1', note: 'invoice 7' }),
    );

    expectBalanced(before, posting);
    expect(posting).toEqual({
      funds: {
        ...before,
        granted: before.granted + amount,
        balance: before.balance + amount,
        entries: before.entries + 1,
      },
      entry: {
        number: before.entries + 1,
        kind,
        at,
        amount,
        balance: before.balance + amount,
        keyId: 'key-1',
        note: 'invoice 7',
      },
    });
  });

  test.each([
    ['more than the balance', fundsWith(1000), -1001, 1000],
    ['the reserved ones', fundsWith(0, { reserved: 500, granted: 500 }), -1, 0],
  ])('cannot be withdrawn when they are %s', (_what, before, amount, balance) => {
    expect(credit(before, { account, amount, at })).toEqual({ state: 'insufficient', balance });
  });
});

test.each([
  ['never used', {}, 0],
  ['used today', { day: today, dayUsed: 500 }, 500],
  ['used yesterday', { day: '2025-09-05', dayUsed: 500 }, 0],
  ['used today, where tomorrow has started', { day: today, dayUsed: 500, timeZone: '+14:00' }, 0],
  ['used by a function whose clock is ahead', { day: '2025-09-07', dayUsed: 500 }, 500],
])('a key %s, at %j, has used %i of its day', (_what, key, used) => {
  expect(usedToday(sampleKey(key), sampleTime)).toBe(used);
});
