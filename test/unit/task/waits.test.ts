import { describe, expect, test } from 'vitest';
import { waitsFor } from '../../../functions/task/waits.ts';

describe('a provider that is asked', () => {
  test.each([
    [0, 1, 2],
    [1, 1, 2],
    [8, 5, 2],
    [30, 20, 4],
    [47, 31, 6],
    [100, 65, 10],
    [600, 390, 10],
  ])(
    'about a task of %i s, is so first after %i s, then every %i s',
    (usualSeconds, first, then) => {
      expect(waitsFor({ usualSeconds })).toEqual({ waitSeconds: first, pollSeconds: then });
    },
  );

  test.each([
    [30, 0, 20],
    [30, 10, 10],
    [30, 10.2, 9],
    [30, 19, 1],
    [30, 20, 1],
    [30, 900, 1],
  ])(
    'about one of %i s, handed over %d s ago, is so in %i s',
    (usualSeconds, elapsedSeconds, first) => {
      const waits = waitsFor({ usualSeconds, elapsedSeconds });

      expect(waits).toEqual({ waitSeconds: first, pollSeconds: 4 });
    },
  );
});

describe('a provider that calls back', () => {
  test.each([
    [1, 0, 60],
    [30, 0, 60],
    [45, 0, 90],
    [600, 0, 120],
    [30, 50, 10],
    [30, 900, 1],
  ])(
    'is asked about a task of %i s, handed over %d s ago, in %i s, then every minute',
    (usualSeconds, elapsedSeconds, first) => {
      const waits = waitsFor({ usualSeconds, elapsedSeconds, callsBack: true });

      expect(waits).toEqual({ waitSeconds: first, pollSeconds: 60 });
    },
  );
});

test.each([false, true])(
  'every wait is whole seconds, at least one, as the state machine wants them',
  (callsBack) => {
    for (let usualSeconds = 0; usualSeconds <= 1000; usualSeconds += 0.5) {
      const { waitSeconds, pollSeconds } = waitsFor({
        ...{ usualSeconds, elapsedSeconds: usualSeconds / 3, callsBack },
      });

      expect(Number.isInteger(waitSeconds) && waitSeconds >= 1).toBe(true);
      expect(Number.isInteger(pollSeconds) && pollSeconds >= 2 && pollSeconds <= 60).toBe(true);
    }
  },
);
