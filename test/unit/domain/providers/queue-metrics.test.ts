import { expect, test } from 'vitest';
import { queueMetrics } from '../../../../functions/domain/providers/reconcile-slots.ts';

const now = 1_772_443_800_000;

test('a run of the reconciler writes how full the providers are, and how long the oldest task has waited', () => {
  const state = { slots: 10, taken: 10, waiting: 3, oldestSince: now - 90_500 };

  expect(queueMetrics(state, now)).toEqual({
    numbers: [
      ['QueuedTasks', 'Count', 3],
      ['OldestQueuedSeconds', 'Seconds', 90.5],
      ['SlotsTaken', 'Count', 10],
      ['SlotsTotal', 'Count', 10],
    ],
  });
});

test.each([
  { slots: 10, taken: 0, waiting: 0 },
  { slots: 0, taken: 0, waiting: 1, oldestSince: now },
])('%j is written, without seconds when nobody waits', (state) => {
  expect(queueMetrics(state, now).numbers).toContainEqual(['OldestQueuedSeconds', 'Seconds', 0]);
});

test('without limits and without a queue nothing is written, since a metric costs money', () => {
  expect(queueMetrics({ slots: 0, taken: 0, waiting: 0 }, now)).toEqual({ numbers: [] });
});
