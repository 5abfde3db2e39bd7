import { toSingleLine } from './terminal.ts';

// How results are printed: tables for a person, tab-separated lines for a program, and fields below
// each other.

const ageUnits = [
  ['d', 24 * 60 * 60],
  ['h', 60 * 60],
  ['min', 60],
  ['s', 1],
] as const;

/** How long ago a time was, in the largest unit that fits: "3 h". */
export function formatAge(unixSeconds: number, nowMs: number): string {
  // The clock of the API may be ahead of this machine's.
  const seconds = Math.max(0, Math.floor(nowMs / 1000 - unixSeconds));
  const [unit, size] = ageUnits.find(([, size]) => seconds >= size) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

// A Date cannot be later.
const maxUnixSeconds = 8.64e12;

/** A time for machines and other time zones: "2026-11-22T17:05:00Z". */
export const formatTime = (unixSeconds: number): string =>
  `${new Date(Math.min(unixSeconds, maxUnixSeconds) * 1000).toISOString().slice(0, -5)}Z`;

export type Field = readonly [name: string, text: string];

/** One field a line, with the texts aligned below each other. */
export function formatFields(fields: readonly Field[]): string {
  const width = Math.max(...fields.map(([name]) => name.length)) + 2;
  return fields.map(([name, text]) => `${name.padEnd(width)}${toSingleLine(text)}`).join('\n');
}

export const keyShownOnce =
  'The API key is shown only this once: the server keeps nothing but its hash. Store it with your secrets.';
export const secretShownOnce =
  'The webhook secret is shown only this once. Store it where your callbacks are verified.';

type Value = string | number | null | undefined;
type ReadValue<Row, V = Value> = (row: Row, nowMs: number) => V;

/** A column of a table: its cell for a person, and its value for other programs. */
export type Column<Row> = {
  readonly name: string;
  /** Text is aligned to the left; numbers and ages are aligned to the right. */
  readonly isText: boolean;
  readonly cell: ReadValue<Row>;
  readonly value: ReadValue<Row>;
};

export const textColumn = <Row>(name: string, read: ReadValue<Row>): Column<Row> => ({
  name,
  isText: true,
  cell: read,
  value: read,
});

export const numberColumn = <Row>(name: string, read: ReadValue<Row>): Column<Row> => ({
  name,
  isText: false,
  cell: read,
  value: read,
});

type UnixSeconds = number | null | undefined;

/** A past time: its age for a person; the time itself for a program, since an age is soon wrong. */
export const ageColumn = <Row>(
  name: string,
  readTime: ReadValue<Row, UnixSeconds>,
): Column<Row> => ({
  name,
  isText: false,
  cell: (row, nowMs) => formatIfGiven(readTime(row, nowMs), (time) => formatAge(time, nowMs)),
  value: (row, nowMs) => formatIfGiven(readTime(row, nowMs), formatTime),
});

/** A time that is printed as such, since it may be in the future. */
export const timeColumn = <Row>(name: string, readTime: ReadValue<Row, UnixSeconds>) =>
  textColumn<Row>(name, (row, nowMs) => formatIfGiven(readTime(row, nowMs), formatTime));

const formatIfGiven = (time: UnixSeconds, format: (time: number) => string) =>
  typeof time === 'number' ? format(time) : undefined;

/** Rows for a person at a terminal: aligned, below a line of names. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  nowMs: number,
): string {
  const body = rows.map((row) => columns.map(({ cell }) => formatValue(cell(row, nowMs)) || '-'));
  const lines = [columns.map(({ name }) => name), ...body];
  const widths = columns.map((_, index) =>
    lines.reduce((width, cells) => Math.max(width, cells[index]?.length ?? 0), 0),
  );
  const pad = (cell: string, index: number): string =>
    columns[index]?.isText ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0);
  return lines.map((cells) => cells.map(pad).join('  ').trimEnd()).join('\n');
}

/** Rows for other programs: one a line, tabs between the values, empty where there is no value. */
export const formatTabLines = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  nowMs: number,
): string =>
  rows
    .map((row) => columns.map(({ value }) => formatValue(value(row, nowMs))).join('\t'))
    .join('\n');

// A note may hold any text: the tabs, line breaks and terminal controls in it must not get through.
const formatValue = (value: Value): string => toSingleLine(`${value ?? ''}`);
