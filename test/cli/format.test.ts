import { expect, test } from 'vitest';
import {
  ageColumn,
  type Column,
  formatAge,
  formatTabLines,
  formatTable,
  formatTime,
  numberColumn,
  textColumn,
  timeColumn,
} from '../../cli/program/format.ts';
import { taskColumns } from '../../cli/tasks/tasks-command.ts';
import { taskSummary } from './task-responses.ts';

const created_at = 1_772_366_400;
const nowMs = created_at * 1000;

test('a table has a line of names, and its columns are aligned', () => {
  const pending = { status: 'pending', duration: null, result_count: 0, credits_used: null };
  const tasks = [
    taskSummary(5, pending),
    taskSummary(700, { id: 'task-2', credits_used: 10, prompt_start: 'x'.repeat(50) }),
  ];

  expect(formatTable(taskColumns, tasks, nowMs).split('\n')).toEqual([
    'id                                status        age  took  images  credits  key   prompt',
    'task-unified-1772366400-00000005  pending       5 s     -       0        -  shop  Make it snow',
    'task-2                            completed  11 min  31 s       2       10  shop  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…',
  ]);
});

type Row = { readonly note?: string | null; readonly used?: number; readonly at?: number | null };
const columns: readonly Column<Row>[] = [
  textColumn('note', ({ note }) => note),
  numberColumn('used', ({ used }) => used),
  ageColumn('age', ({ at }) => at),
  timeColumn('until', ({ at }) => at),
];

test('a missing value is a dash in a table and empty in a tab-separated line', () => {
  expect(formatTable(columns, [{ note: null, used: 0, at: null }], nowMs)).toBe(
    'note  used  age  until\n-        0    -  -',
  );
  expect(formatTabLines(columns, [{ note: null, used: 0, at: null }, {}], nowMs)).toBe(
    '\t0\t\t\n\t\t\t',
  );
});

test('a past time is an age in a table, and a time in a tab-separated line', () => {
  const row = { at: created_at - 3600 };

  expect(formatTable(columns, [row], nowMs)).toContain(' 1 h  2026-03-01T11:00:00Z');
  expect(formatTabLines(columns, [row], nowMs)).toBe(
    '\t\t2026-03-01T11:00:00Z\t2026-03-01T11:00:00Z',
  );
});

test.each([
  [0, '1970-01-01T00:00:00Z'],
  [created_at, '2026-03-01T12:00:00Z'],
  [Number.MAX_SAFE_INTEGER, '+275760-09-13T00:00:00Z'],
])('the time %i is written as %s', (time, expected) => {
  expect(formatTime(time)).toBe(expected);
});

test('tabs, line breaks and terminal controls in a value are removed', () => {
  const row = { note: 'a\tb\n\x1b[31mc' };

  expect(formatTabLines(columns, [row], nowMs)).toBe('a b [31mc\t\t\t');
  expect(formatTable(columns, [row], nowMs)).toContain('\na b [31mc');
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
  expect(formatAge(created_at - seconds, created_at * 1000)).toBe(expected);
});
