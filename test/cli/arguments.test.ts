import { describe, expect, test } from 'vitest';
import { parseFutureTime, parsePastTime } from '../../cli/program/arguments.ts';

const now = Date.parse('2026-03-01T12:00:00.900Z');
const midnight = new Date(2026, 10, 22).getTime() / 1000;
const invalid = [
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

describe('a time in the past', () => {
  test.each([
    ['2h', 1_772_366_400 - 2 * 3600],
    ['3d', 1_772_366_400 - 3 * 86_400],
    ['0h', 1_772_366_400],
    ['999999d', 0],
    ['2026-11-22', midnight],
  ])('can be given as %s', (text, expected) => {
    expect(parsePastTime(text, now)).toBe(expected);
  });

  test.each(invalid)('cannot be given as "%s"', (text) => {
    expect(() => parsePastTime(text, now)).toThrow('It must be like 2h, 3d or 2026-11-22.');
  });
});

describe('a time in the future', () => {
  test.each([
    ['12h', 1_772_366_400 + 12 * 3600],
    ['30d', 1_772_366_400 + 30 * 86_400],
    ['2026-11-22', midnight],
  ])('can be given as %s', (text, expected) => {
    expect(parseFutureTime(text, now)).toBe(expected);
  });

  test.each([...invalid, '0d', '2025-11-22'])('cannot be given as "%s"', (text) => {
    expect(() => parseFutureTime(text, now)).toThrow('It must be in the future');
  });
});
