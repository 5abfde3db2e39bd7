import { describe, expect, test } from 'vitest';
import { since, until } from '../../cli/moment.ts';

const now = Date.parse('2026-03-01T12:00:00.900Z');
const midnight = new Date(2026, 10, 22).getTime() / 1000;
const nonsense = [
  '',
  '2',
  'h',
  '2m',
  '-1h',
  '1.5h',
  '2026-02-31',
  '2026-13-01',
  '2026-1-1',
  '1h 2d',
];

describe('a time gone by', () => {
  test.each([
    ['2h', 1_772_366_400 - 2 * 3600],
    ['3d', 1_772_366_400 - 3 * 86_400],
    ['0h', 1_772_366_400],
    ['999999d', 0],
    ['2026-11-22', midnight],
  ])('%s is a moment', (text, expected) => {
    expect(since(text, now)).toBe(expected);
  });

  test.each(nonsense)('"%s" is none', (text) => {
    expect(since(text, now)).toBeUndefined();
  });
});

describe('a time to come', () => {
  test.each([
    ['12h', 1_772_366_400 + 12 * 3600],
    ['30d', 1_772_366_400 + 30 * 86_400],
    ['2026-11-22', midnight],
  ])('%s is one', (text, expected) => {
    expect(until(text, now)).toBe(expected);
  });

  test.each([...nonsense, '0d', '2025-11-22'])('"%s" is none', (text) => {
    expect(until(text, now)).toBeUndefined();
  });
});
