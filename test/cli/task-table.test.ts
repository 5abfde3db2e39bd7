import { expect, test } from 'vitest';
import { age } from '../../cli/age.ts';
import { taskTable } from '../../cli/task-table.ts';

const created_at = 1_772_366_400;
const task = (ageSeconds: number, more: object = {}) => ({
  ...({ id: 'task-unified-1', status: 'completed', duration: 31.5, result_count: 2 } as const),
  ...{ created_at: created_at - ageSeconds, credits_used: 2.4, ...more },
});

test('a table has a head, and its columns stand in line', () => {
  const waiting = { status: 'pending', duration: null, result_count: 0, credits_used: null };
  const tasks = [task(5, waiting), task(700, { id: 'task-2', credits_used: 10 })];

  expect(taskTable(tasks, created_at * 1000).split('\n')).toEqual([
    'id              status        age  took  images  credits',
    'task-unified-1  pending       5 s     -       0        -',
    'task-2          completed  11 min  32 s       2       10',
  ]);
});

test('a table of nothing says so', () => {
  expect(taskTable([], 0)).toBe('no tasks');
});

test.each([
  [0, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3599, '59 min'],
  [3600, '1 h'],
  [86_399, '23 h'],
  [86_400, '1 d'],
  [4_000_000, '46 d'],
  [-5, '0 s'],
])('the age of %i seconds is %s', (seconds, expected) => {
  expect(age(created_at - seconds, created_at * 1000)).toBe(expected);
});
