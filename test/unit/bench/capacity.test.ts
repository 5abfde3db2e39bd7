import { describe, expect, test } from 'vitest';
import { type Item, readUnits, sizeOf, writeUnits } from '../../../bench/capacity.ts';

const key = (AttributeName: string) => ({ AttributeName, KeyType: 'HASH' });
const table = {
  TableName: 'Tasks',
  KeySchema: [key('id')],
  AttributeDefinitions: [],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'nextCheck',
      KeySchema: [key('nextCheckAt')],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
};
const item = (more: Item = {}): Item => ({ id: { S: 'one' }, ...more });
const kilobytes = (count: number): Item => ({ text: { S: 'x'.repeat(count * 1024) } });
const units = (before: Item | undefined, after: Item | undefined, isTransaction = false) =>
  writeUnits(table, { before, after }, isTransaction);

test.each<[Item, number]>([
  [{ id: { S: 'é' } }, 4],
  [{ n: { N: '12345' } }, 5],
  [{ yes: { BOOL: true } }, 4],
  [{ list: { L: [{ S: 'ab' }] } }, 10],
  [{ map: { M: { a: { S: 'b' } } } }, 9],
])('%j takes %i bytes', (sized, bytes) => {
  expect(sizeOf(sized)).toBe(bytes);
});

describe('a write', () => {
  test('costs a unit for each started kB of the larger size, before or after', () => {
    expect(units(undefined, item())).toBe(1);
    expect(units(item(kilobytes(2)), item())).toBe(3);
  });

  test('costs twice as much in a transaction', () => {
    expect(units(item(), item(kilobytes(1)), true)).toBe(4);
  });

  test.each([
    ['enters the index', undefined, '1', 2],
    ['keeps its index key', '1', '1', 1],
    ['changes its index key', '1', '2', 3],
    ['leaves the index', '1', undefined, 2],
  ])('of an item that %s costs the write of its index entry', (_, before, after, expected) => {
    const withCheck = (time?: string) =>
      item(time === undefined ? {} : { nextCheckAt: { N: time } });

    expect(units(withCheck(before), withCheck(after))).toBe(expected);
  });
});

test.each([
  ['eventual', 0.5],
  ['strong', 1],
  ['transaction', 2],
] as const)('a read of 4 kB with consistency "%s" costs %d units', (consistency, expected) => {
  expect(readUnits(4096, consistency)).toBe(expected);
});
