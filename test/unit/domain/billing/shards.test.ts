import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Amount,
  divide,
  maxShards,
  placeTask,
  shardsFor,
  spreadEvenly,
  type Transfer,
  withdrawFrom,
} from '../../../../functions/domain/billing/shards.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** What the shards have after these transfers. No shard gives more than it has. */
function after(left: readonly number[], transfers: readonly Transfer[]): readonly number[] {
  const has = [...left];
  for (const { from, to, size } of transfers) {
    expect(size).toBeGreaterThan(0);
    has[from] = (has[from] ?? 0) - size;
    has[to] = (has[to] ?? 0) + size;
    expect(has[from], 'no shard gives what it does not have').toBeGreaterThanOrEqual(0);
  }
  return has;
}

const shards = (min: number) =>
  fc.array(fc.integer({ min, max: 10_000 }), { minLength: 1, maxLength: maxShards });
const amounts = fc
  .tuple(shards(-2000), fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 4 }))
  .chain(([{ length }, needs]) =>
    fc.tuple(
      ...needs.map((need) =>
        fc
          .array(fc.integer({ min: -2000, max: 10_000 }), { minLength: length, maxLength: length })
          .map((left): Amount => ({ left, need })),
      ),
    ),
  );

describe('the shard for a task', () => {
  test.each([0, 3, 7])(
    'is the preferred one near zero, if no other needs fewer transfers; its neighbour gives to it',
    (preferred) => {
      const place = (each: number) =>
        placeTask([{ left: Array<number>(8).fill(each), need: 2 }], preferred);

      expect(place(2)).toEqual({ shard: preferred, transfers: [[]] });
      expect(place(1)).toEqual({
        shard: preferred,
        transfers: [[{ from: (preferred + 1) % 8, to: preferred, size: 1 }]],
      });
    },
  );

  test('has all that the task needs after the transfers, and no shard owes anything', async () => {
    await fc.assert(
      fc.property(amounts, fc.nat(maxShards - 1), (some, any) => {
        const placement = placeTask(some, any % (some[0]?.left.length ?? 1));
        const isLacking = some.map(({ left, need }) => sum(left) < need);
        if ('lacking' in placement) {
          expect(placement.lacking).toBe(isLacking.indexOf(true));
          return;
        }
        expect(isLacking).not.toContain(true);
        for (const [index, { left, need }] of some.entries()) {
          const has = after(left, placement.transfers[index] ?? []);
          expect(sum(has)).toBe(sum(left));
          expect(has[placement.shard]).toBeGreaterThanOrEqual(need);
          expect(Math.min(...has)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test('is the preferred one while it can pay, without a transfer', () => {
    expect(placeTask([{ left: [900, 50, 10], need: 10 }], 2)).toEqual({
      shard: 2,
      transfers: [[]],
    });
  });

  test('gets half of the richest shard while there is plenty', () => {
    expect(placeTask([{ left: [900, 50, 0], need: 10 }], 2)).toEqual({
      shard: 2,
      transfers: [[{ from: 0, to: 2, size: 450 }]],
    });
  });

  test('is the next one after the preferred that needs no transfer, so that many do not meet on one', () => {
    const left = [12, 10, 0, 11];

    expect([0, 1, 2, 3].map((any) => placeTask([{ left, need: 10 }], any))).toMatchObject(
      [0, 1, 3, 3].map((shard) => ({ shard, transfers: [[]] })),
    );
  });

  test('is one that needs no transfer when there is little', () => {
    expect(placeTask([{ left: [9, 10, 0], need: 10 }], 2)).toEqual({ shard: 1, transfers: [[]] });
  });

  test('gathers from the richest first when no shard has enough', () => {
    expect(placeTask([{ left: [1, 3, 4, 2], need: 9 }], 0)).toEqual({
      shard: 1,
      transfers: [
        [
          { from: 2, to: 1, size: 4 },
          { from: 3, to: 1, size: 2 },
        ],
      ],
    });
  });

  test('does not exist when one of the amounts is short, and the first of them is reported', () => {
    const enough = { left: [5, 5], need: 10 };

    expect(placeTask([enough, { left: [5, 4], need: 10 }, { left: [], need: 1 }], 0)).toEqual({
      lacking: 1,
    });
  });
});

describe('a withdrawal', () => {
  test('takes exactly so much, and only the first shard may owe a rest', async () => {
    await fc.assert(
      fc.property(shards(0), fc.integer({ min: 0, max: 50_000 }), (left, amount) => {
        const [first = 0, ...others] = withdrawFrom(left, amount);

        expect(first + sum(others)).toBe(amount);
        for (const [index, size] of others.entries()) {
          expect(size).toBeLessThanOrEqual(left[index + 1] ?? 0);
        }
        if (amount <= sum(left)) expect(first).toBeLessThanOrEqual(left[0] ?? 0);
      }),
    );
  });
});

describe('a limit is divided', () => {
  test('into parts that make it up, of which each pays for eight tasks', async () => {
    await fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: maxShards }),
        (size, price, count) => {
          const parts = divide(size, price, count);

          expect(sum(parts)).toBe(size);
          expect(parts.length).toBeLessThanOrEqual(count);
          if (parts.length > 1) expect(Math.min(...parts)).toBeGreaterThanOrEqual(8 * price);
        },
      ),
    );
  });
});

describe('an account is spread', () => {
  test('evenly, and nothing is lost', async () => {
    await fc.assert(
      fc.property(shards(0), (left) => {
        const has = after(left, spreadEvenly(left));

        expect(sum(has)).toBe(sum(left));
        expect(Math.min(...has)).toBe(Math.floor(sum(left) / left.length));
      }),
    );
  });

  test.each([
    ['one task', [1200], 1200, 1],
    ['15 tasks', [15 * 1200], 1200, 1],
    ['16 tasks', [16 * 1200], 1200, 2],
    ['what 100 credits pay', [100_000], 1200, 8],
    ['the same in several shards', [25_000, 25_000, 50_000], 1200, 8],
    ['any number of tasks', [1e12], 1200, 64],
  ])('over so many shards that each pays for eight tasks: for %s', (_what, left, need, count) => {
    expect(shardsFor([{ left, need }])).toBe(count);
  });

  test('by the amount of which it has the least', () => {
    const [credits, tasks] = [
      { left: [1e9], need: 1200 },
      { left: [40], need: 1 },
    ];

    expect(shardsFor([credits, tasks])).toBe(4);
  });

  test('over no more shards than it may', () => {
    expect(shardsFor([{ left: [1e12], need: 1200 }], 16)).toBe(16);
  });
});
