import { Option } from 'commander';
import type * as z from 'zod';
import type { page } from '../../functions/domain/wire/fields.ts';
import { wholeNumberParser } from './arguments.ts';
import { type Column, formatTabLines, formatTable } from './format.ts';
import type { Terminal } from './terminal.ts';

/** The options of every command that lists something. */
export type ListOptions = {
  readonly limit?: number;
  readonly all?: boolean;
  readonly json?: true;
};

export const limitOption = new Option(
  '--limit <count>',
  'how many, 1 to 100 (default: 20); with --all, how many a page',
).argParser(wholeNumberParser(1, 100));
export const allOption = new Option('--all', 'all of them');

/** Which page of a list: how many items, and after which cursor. */
export type PageQuery = { readonly limit: number; readonly cursor: string | undefined };
type Page<Row> = z.output<ReturnType<typeof page<z.ZodType<Row>>>>;
export type FetchPage<Row> = (query: PageQuery) => Promise<Page<Row>>;

type Table<Row> = {
  readonly columns: readonly Column<Row>[];
  /** What is printed for a person when the list is empty. */
  readonly emptyText: string;
};
type List<Row> = Table<Row> & { readonly fetchPage: FetchPage<Row> };

/** Prints a list: as a table on a terminal, as tab-separated lines elsewhere, or as JSON. */
export async function printList<Row>(
  { fetchPage, columns, emptyText }: List<Row>,
  { limit, all = false, json }: ListOptions,
  terminal: Terminal,
): Promise<void> {
  const { rows, hasMore } = await fetchRows(fetchPage, limit ?? (all ? 100 : 20), all);
  printRows(rows, { columns, emptyText }, { json }, terminal);
  if (hasMore) terminal.printNote('there are more: --all lists them all');
}

/** Prints rows in the same three ways. */
export function printRows<Row>(
  rows: readonly Row[],
  { columns, emptyText }: Table<Row>,
  { json }: { readonly json?: boolean | undefined },
  { isInteractive, print, now }: Terminal,
): void {
  if (json) print(JSON.stringify(rows));
  else if (rows.length > 0) {
    print((isInteractive ? formatTable : formatTabLines)(columns, rows, now()));
  } else if (isInteractive) print(emptyText);
}

async function fetchRows<Row>(
  fetchPage: FetchPage<Row>,
  limit: number,
  all: boolean,
): Promise<{ readonly rows: readonly Row[]; readonly hasMore: boolean }> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  // A filtered page may be short or even empty while its cursor still leads to more.
  do {
    const { data, next_cursor } = await fetchPage({
      limit: all ? limit : limit - rows.length,
      cursor,
    });
    rows.push(...data);
    cursor = next_cursor ?? undefined;
  } while (cursor && (all || rows.length < limit));
  return { rows, hasMore: cursor !== undefined };
}
