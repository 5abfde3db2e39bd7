import { age, isoTime } from './age.ts';
import { oneLine } from './one-line.ts';

type Value = string | number | null | undefined;

/** A column of a table: what it says to a person, and what to other programs. */
export type Column<Row> = {
  readonly name: string;
  readonly isWord: boolean;
  readonly cell: (row: Row, nowMs: number) => Value;
  readonly field: (row: Row, nowMs: number) => Value;
};

type Of<Row, V = Value> = (row: Row, nowMs: number) => V;

export const words = <Row>(name: string, of: Of<Row>): Column<Row> => ({
  ...{ name, isWord: true, cell: of, field: of },
});

export const number = <Row>(name: string, of: Of<Row>): Column<Row> => ({
  ...{ name, isWord: false, cell: of, field: of },
});

/** A time gone by: its age for a person, and the time itself where that would not be true for long. */
export const past = <Row>(name: string, of: Of<Row, number | null | undefined>): Column<Row> => ({
  ...{ name, isWord: false },
  cell: (row, nowMs) => when(of(row, nowMs), (seconds) => age(seconds, nowMs)),
  field: (row, nowMs) => when(of(row, nowMs), isoTime),
});

/** A time to come. */
export const future = <Row>(name: string, of: Of<Row, number | null | undefined>) =>
  words<Row>(name, (row, nowMs) => when(of(row, nowMs), isoTime));

const when = (seconds: number | null | undefined, text: (seconds: number) => string) =>
  typeof seconds === 'number' ? text(seconds) : undefined;

/** Rows for a person at a terminal: aligned, with a head. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  nowMs: number,
): string {
  const body = rows.map((row) => columns.map(({ cell }) => textOf(cell(row, nowMs)) || '-'));
  const lines = [columns.map(({ name }) => name), ...body];
  const widths = columns.map((_, index) =>
    lines.reduce((width, cells) => Math.max(width, cells[index]?.length ?? 0), 0),
  );
  const padded = (cell: string, index: number): string =>
    columns[index]?.isWord ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0);
  return lines.map((cells) => cells.map(padded).join('  ').trimEnd()).join('\n');
}

/** Rows for other programs: a line each, tabs between the fields, empty where there is nothing to say. */
export const tabLines = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  nowMs: number,
): string =>
  rows.map((row) => columns.map(({ field }) => textOf(field(row, nowMs))).join('\t')).join('\n');

// A note may hold whatever somebody wrote: no tab, no line break and nothing that steers a terminal.
const textOf = (value: Value): string => oneLine(`${value ?? ''}`);
