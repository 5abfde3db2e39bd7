import { expect, test } from 'vitest';
import { waitsFor } from '../../../functions/task/waits.ts';

test.each([
  [0, 1, 2],
  [1, 1, 2],
  [8, 6, 2],
  [30, 24, 3],
  [47, 38, 5],
  [100, 80, 10],
  [600, 480, 10],
])('a task of %i s is first asked about after %i s, then every %i s', (usual, first, then) => {
  expect(waitsFor(usual)).toEqual({ waitSeconds: first, pollSeconds: then });
});

test.each([
  [30, 0, 24],
  [30, 10, 14],
  [30, 10.4, 14],
  [30, 23, 1],
  [30, 24, 1],
  [30, 900, 1],
])('one of %i s that was handed over %d s ago is asked about in %i s', (usual, ago, first) => {
  expect(waitsFor(usual, ago)).toEqual({ waitSeconds: first, pollSeconds: 3 });
});

test('every wait is whole seconds, at least one, as the state machine wants them', () => {
  for (let usual = 0; usual <= 1000; usual += 0.5) {
    const { waitSeconds, pollSeconds } = waitsFor(usual, usual / 3);

    expect(Number.isInteger(waitSeconds) && waitSeconds >= 1).toBe(true);
    expect(Number.isInteger(pollSeconds) && pollSeconds >= 2 && pollSeconds <= 10).toBe(true);
  }
});
