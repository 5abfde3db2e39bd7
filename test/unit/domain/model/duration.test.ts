import { expect, test } from 'vitest';
import {
  dayMs,
  hourMs,
  minuteMs,
  spellDuration,
  spellNumber,
} from '../../../../functions/domain/model/duration.ts';

test.each([
  [dayMs, 'a day'],
  [dayMs / 2, 'half a day'],
  [3 * dayMs, 'three days'],
  [hourMs, 'an hour'],
  [30 * minuteMs, 'half an hour'],
  [5 * minuteMs, 'five minutes'],
  [15 * minuteMs, '15 minutes'],
  [10_000, 'ten seconds'],
  [90_000, '90 seconds'],
  [1500, '1500 milliseconds'],
])('%i milliseconds are %j in a sentence', (ms, text) => {
  expect(spellDuration(ms)).toBe(text);
});

test('a number is a word to ten', () => {
  expect([1, 4, 10, 11].map(spellNumber)).toEqual(['one', 'four', 'ten', '11']);
});
