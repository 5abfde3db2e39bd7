import { age, isoTime } from './age.ts';
import type { ListedTask } from './answers.ts';

/** Tasks for a person at a terminal: aligned, with a head. */
export function taskTable(tasks: readonly ListedTask[], nowMs: number): string {
  if (tasks.length === 0) return 'no tasks';
  const rows = [head, ...tasks.map((task) => cellsOf(task, nowMs))];
  const widths = head.map((_, column) =>
    rows.reduce((width, cells) => Math.max(width, cells[column]?.length ?? 0), 0),
  );
  return rows
    .map((cells) => cells.map((cell, column) => pad(cell, column, widths)).join('  '))
    .join('\n');
}

/**
 * Tasks for other programs: a line each, fields between tabs, empty where there is nothing to say.
 * The time stands where the table has the age, which would not be true for long.
 */
export const taskLines = (tasks: readonly ListedTask[]): string =>
  tasks.map((task) => fieldsOf(task).join('\t')).join('\n');

const head = ['id', 'status', 'age', 'took', 'images', 'credits'];
const wordColumns = 2;

function cellsOf(task: ListedTask, nowMs: number): readonly string[] {
  const { id, status, created_at, duration, result_count, credits_used } = task;
  const took = typeof duration === 'number' ? `${Math.round(duration)} s` : '-';
  return [id, status, age(created_at, nowMs), took, `${result_count}`, `${credits_used ?? '-'}`];
}

const fieldsOf = (task: ListedTask) => {
  const { id, status, created_at, duration, result_count, credits_used } = task;
  return [id, status, isoTime(created_at), duration ?? '', result_count, credits_used ?? ''];
};

const pad = (cell: string, column: number, widths: readonly number[]): string =>
  column < wordColumns ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
