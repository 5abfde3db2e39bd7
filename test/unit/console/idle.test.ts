import { expect, test } from 'vitest';
import { activeAtOf, isIdle } from '../../../console/session/idle.ts';

const minutes = 60_000;
const now = 1_796_000_000_000;

test.each([
  [29 * minutes, false],
  [30 * minutes, false],
  [30 * minutes + 1, true],
])('a page that nobody has touched for %d ms is idle: %s', (ago, idle) => {
  expect(isIdle(activeAtOf(String(now - ago)), now)).toBe(idle);
});

test.each([[null], [''], ['soon'], ['NaN']])(
  'a time that was stored as %j is too long ago',
  (stored) => {
    expect(isIdle(activeAtOf(stored), now)).toBe(true);
  },
);
