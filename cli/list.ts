import { Option } from 'commander';
import type { Page } from './answers.ts';
import { wholeNumber } from './numbers.ts';
import { type Column, tabLines, table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** The options of every command that lists something. */
export type ListOptions = {
  readonly limit?: number;
  readonly all?: boolean;
  readonly json?: true;
};

export const limitOption = new Option(
  '--limit <count>',
  'how many, 1 to 100 (default: 20); with --all, at a time',
).argParser(wholeNumber(1, 100));
export const allOption = new Option('--all', 'all of them');

type Slice = { readonly limit: number; readonly cursor: string | undefined };
type Pages<Row> = (slice: Slice) => Promise<Page<Row>>;

type List<Row> = {
  readonly pages: Pages<Row>;
  readonly columns: readonly Column<Row>[];
  /** What a person is told when there is none. */
  readonly nothing: string;
};

/** Prints a list: a table on a terminal, lines with tabs elsewhere, or JSON. */
export async function printList<Row>(
  { pages, columns, nothing }: List<Row>,
  { limit, all = false, json }: ListOptions,
  { isWatched, print, remark, now }: Terminal,
): Promise<void> {
  const { rows, hasMore } = await collect(pages, limit ?? (all ? 100 : 20), all);
  if (json) print(JSON.stringify(rows));
  else if (rows.length > 0) print((isWatched ? table : tabLines)(columns, rows, now()));
  else if (isWatched) print(nothing);
  if (hasMore) remark('there are more: --all lists them all');
}

async function collect<Row>(
  pages: Pages<Row>,
  limit: number,
  all: boolean,
): Promise<{ readonly rows: readonly Row[]; readonly hasMore: boolean }> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  // A page of rare ones may be short, even empty, and its cursor leads on all the same.
  do {
    const { data, next_cursor } = await pages({ limit: all ? limit : limit - rows.length, cursor });
    rows.push(...data);
    cursor = next_cursor || undefined;
  } while (cursor && (all || rows.length < limit));
  return { rows, hasMore: cursor !== undefined };
}
