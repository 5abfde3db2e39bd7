import { describe, expect, test } from 'vitest';
import { pollSchedule } from '../../../../functions/domain/providers/poll-schedule.ts';

describe('a provider without a webhook', () => {
  test.each([
    [0, 1, 2],
    [1, 1, 2],
    [8, 5, 2],
    [30, 20, 4],
    [47, 31, 6],
    [100, 65, 10],
    [600, 390, 10],
  ])(
    'is polled about a task of %i s first after %i s, then every %i s',
    (typicalSeconds, first, then) => {
      expect(pollSchedule({ typicalSeconds })).toEqual({ waitSeconds: first, pollSeconds: then });
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
    'is polled about a task of %i s, submitted %d s ago, in %i s',
    (typicalSeconds, elapsedSeconds, first) => {
      const waits = pollSchedule({ typicalSeconds, elapsedSeconds });

      expect(waits).toEqual({ waitSeconds: first, pollSeconds: 4 });
    },
  );
});

describe('a provider with a webhook', () => {
  test.each([
    [1, 0, 60],
    [30, 0, 60],
    [45, 0, 90],
    [600, 0, 120],
    [30, 50, 10],
    [30, 900, 1],
  ])(
    'is polled about a task of %i s, submitted %d s ago, in %i s, then every minute',
    (typicalSeconds, elapsedSeconds, first) => {
      const waits = pollSchedule({ typicalSeconds, elapsedSeconds, supportsWebhook: true });

      expect(waits).toEqual({ waitSeconds: first, pollSeconds: 60 });
    },
  );
});

test.each([false, true])(
  'every wait is a whole number of seconds, at least one, as the state machine needs it',
  (supportsWebhook) => {
    for (let typicalSeconds = 0; typicalSeconds <= 1000; typicalSeconds += 0.5) {
      const { waitSeconds, pollSeconds } = pollSchedule({
        typicalSeconds,
        elapsedSeconds: typicalSeconds / 3,
        supportsWebhook,
      });

      expect(Number.isInteger(waitSeconds) && waitSeconds >= 1).toBe(true);
      expect(Number.isInteger(pollSeconds) && pollSeconds >= 2 && pollSeconds <= 60).toBe(true);
    }
  },
);
