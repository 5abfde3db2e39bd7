import { expect, test } from 'vitest';
import { age } from '../../cli/age.ts';
import { type Column, future, number, past, tabLines, table, words } from '../../cli/table.ts';
import { taskColumns } from '../../cli/task-columns.ts';

const created_at = 1_772_366_400;
const nowMs = created_at * 1000;
const task = (ageSeconds: number, more: object = {}) => ({
  ...({ id: 'task-unified-1', status: 'completed', duration: 31.5, result_count: 2 } as const),
  ...{ created_at: created_at - ageSeconds, credits_used: 2.4, ...more },
});

test('a table has a head, and its columns stand in line', () => {
  const waiting = { status: 'pending', duration: null, result_count: 0, credits_used: null };
  const tasks = [task(5, waiting), task(700, { id: 'task-2', credits_used: 10 })];

  expect(table(taskColumns, tasks, nowMs).split('\n')).toEqual([
    'id              status        age  took  images  credits',
    'task-unified-1  pending       5 s     -       0        -',
    'task-2          completed  11 min  32 s       2       10',
  ]);
});

type Row = { readonly note?: string | null; readonly used?: number; readonly at?: number | null };
const columns: readonly Column<Row>[] = [
  words('note', ({ note }) => note),
  number('used', ({ used }) => used),
  past('age', ({ at }) => at),
  future('until', ({ at }) => at),
];

test('what is not there is a dash for a person and nothing for a program', () => {
  expect(table(columns, [{ note: null, used: 0, at: null }], nowMs)).toBe(
    'note  used  age  until\n-        0    -  -',
  );
  expect(tabLines(columns, [{ note: null, used: 0, at: null }, {}], nowMs)).toBe('\t0\t\t\n\t\t\t');
});

test('a time gone by is an age for a person and the time for a program', () => {
  const row = { at: created_at - 3600 };

  expect(table(columns, [row], nowMs)).toContain(' 1 h  2026-03-01T11:00:00Z');
  expect(tabLines(columns, [row], nowMs)).toBe('\t\t2026-03-01T11:00:00Z\t2026-03-01T11:00:00Z');
});

test('what somebody wrote adds no column, no line and no colour', () => {
  const row = { note: 'a\tb\n\x1b[31mc' };

  expect(tabLines(columns, [row], nowMs)).toBe('a b [31mc\t\t\t');
  expect(table(columns, [row], nowMs)).toContain('\na b [31mc');
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
