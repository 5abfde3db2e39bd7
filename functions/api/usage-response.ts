import { csvOf } from '../domain/wire/csv.ts';

type Page = {
  readonly data: readonly object[];
  readonly next_cursor: string | null;
  readonly from: string;
  readonly to: string;
};

const groupColumns = {
  account: ['account'],
  day: ['day'],
  key: ['key_id', 'key_name'],
  model: ['model'],
} as const;
const countColumns = [
  'tasks',
  'failed',
  'images',
  'credits',
  'success_share',
  'seconds_p50',
  'seconds_p95',
  'provider_cost_usd',
] as const;

/** Usage as JSON or as a table. An empty table still has its header line. */
export function usageResponse<P extends Page>(
  page: P,
  {
    format,
    group_by,
  }: { readonly format: 'json' | 'csv'; readonly group_by: readonly (keyof typeof groupColumns)[] },
  hasCosts: boolean,
) {
  if (format === 'json') return { body: page };
  const columns = [
    ...group_by.flatMap((group): readonly string[] => groupColumns[group]),
    ...countColumns.filter((name) => hasCosts || name !== 'provider_cost_usd'),
  ];
  return {
    csv: csvOf(columns, page.data),
    filename: `usage-${page.from}-${page.to}.csv`,
    headers: page.next_cursor === null ? {} : { 'next-cursor': page.next_cursor },
  };
}
