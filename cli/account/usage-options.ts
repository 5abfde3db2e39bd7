import type { Command } from 'commander';
import type { Usage, UsageFilter } from '../api/api.ts';
import { listParser, parseDay } from '../program/arguments.ts';
import { type Column, numberColumn, textColumn } from '../program/format.ts';
import {
  allOption,
  type FetchPage,
  type ListOptions,
  limitOption,
  printList,
} from '../program/list.ts';
import type { Terminal } from '../program/terminal.ts';

// What `darkroom usage` and the operator's `darkroom admin usage` have in common.

export type UsageOptions = ListOptions & {
  readonly groupBy: string;
  readonly from?: string;
  readonly to?: string;
  readonly csv?: true;
};

export const withUsageOptions = (
  command: Command,
  groups: readonly string[],
  terminal: Terminal,
): Command => {
  const day = (text: string) => parseDay(text, terminal.now());
  return command
    .option(
      '--group-by <groups>',
      `how to group the sums: one or more of ${groups.join(', ')}, with commas`,
      listParser(groups),
      'day',
    )
    .option('--from <day>', 'the first day of UTC: 2026-11-22, or 7d ago (default: 30 days)', day)
    .option('--to <day>', 'the last day (default: today)', day)
    .option('--csv', 'print a table for spreadsheets, with all rows')
    .addOption(limitOption)
    .addOption(allOption);
};

export const filterOf = ({ groupBy, from, to }: UsageOptions): UsageFilter => ({
  group_by: groupBy,
  from,
  to,
});

type UsageRow = Usage & {
  readonly account?: string | undefined;
  readonly provider_cost_usd?: number | null | undefined;
};
type Source<Row> = {
  readonly fetchPage: FetchPage<Row>;
  readonly fetchCsv: (
    cursor: string | undefined,
  ) => Promise<{ readonly csv: string; readonly next: string | null }>;
};

/** Prints usage: as CSV, or as other lists are printed. */
export async function printUsage<Row extends UsageRow>(
  { fetchPage, fetchCsv }: Source<Row>,
  options: UsageOptions,
  terminal: Terminal,
): Promise<void> {
  if (options.csv) {
    terminal.print((await allCsv(fetchCsv)).replaceAll('\r\n', '\n').trimEnd());
    return;
  }
  const columns = columnsFor(options.groupBy.split(','));
  await printList({ fetchPage, columns, emptyText: 'no usage' }, options, terminal);
}

async function allCsv(fetchCsv: Source<UsageRow>['fetchCsv']): Promise<string> {
  const pages: string[] = [];
  let cursor: string | undefined;
  do {
    const { csv, next } = await fetchCsv(cursor);
    // Each page begins with the line of column names.
    pages.push(pages.length === 0 ? csv : csv.slice(csv.indexOf('\n') + 1));
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return pages.join('');
}

const groupColumns: Readonly<Record<string, readonly Column<UsageRow>[]>> = {
  account: [textColumn('account', ({ account }) => account)],
  day: [textColumn('day', ({ day }) => day)],
  key: [textColumn('key', ({ key_id }) => key_id), textColumn('name', ({ key_name }) => key_name)],
  model: [textColumn('model', ({ model }) => model)],
};

const percent = ({ success_share }: UsageRow): string => `${Math.round(success_share * 100)} %`;

const countColumns: readonly Column<UsageRow>[] = [
  numberColumn('tasks', ({ tasks }) => tasks),
  numberColumn('failed', ({ failed }) => failed),
  numberColumn('images', ({ images }) => images),
  numberColumn('credits', ({ credits }) => credits),
  { name: 'success', isText: false, cell: percent, value: ({ success_share }) => success_share },
  numberColumn('p50 s', ({ seconds_p50 }) => seconds_p50),
  numberColumn('p95 s', ({ seconds_p95 }) => seconds_p95),
];

const columnsFor = (groups: readonly string[]): readonly Column<UsageRow>[] => [
  ...groups.flatMap((group) => groupColumns[group] ?? []),
  ...countColumns,
];
