import { describe, expect, test } from 'vitest';
import type { TaskState } from '../../../../functions/domain/model/task.ts';
import { retryAfter } from '../../../../functions/domain/wire/retry-after.ts';
import { completed, failed, pending, processing } from '../../../support/tasks.ts';

const submitted = processing();
const headerOf = (task: TaskState, typicalSeconds: number, elapsedSeconds = 0) =>
  retryAfter(task, { now: submitted.submittedAt + elapsedSeconds * 1000, typicalSeconds })[
    'retry-after'
  ];

describe('Retry-After', () => {
  test.each([
    ['a task of four seconds that no provider has: until the first poll', pending(), 4, 0, '3'],
    ['a task of a minute that no provider has: ten seconds at most', pending(), 60, 0, '10'],
    ['a task that was just submitted: until the first poll', submitted, 10, 0, '7'],
    ['a task that the provider has had for a while: what is left of that', submitted, 10, 3, '4'],
    ['a task that may end any moment: the interval of the polls', submitted, 10, 9, '2'],
    ['a slow task that may end any moment: a longer interval', submitted, 60, 59, '8'],
    ['a very slow task: ten seconds at most', submitted, 300, 290, '10'],
    ['a task that takes far too long: the interval', submitted, 10, 500, '2'],
  ])('of %s', (_what, task, typicalSeconds, elapsedSeconds, seconds) => {
    expect(headerOf(task, typicalSeconds, elapsedSeconds)).toBe(seconds);
  });

  test('counts with the duration that was typical when the task was submitted', () => {
    expect(headerOf(processing({ typicalSeconds: 60 }), 4, 0)).toBe('10');
  });

  test.each([completed(), failed()])('is absent when a task is $status', (task) => {
    expect(retryAfter(task, { now: 0, typicalSeconds: 4 })).toEqual({});
  });
});
