export const taskStatuses = ['pending', 'processing', 'completed', 'failed', 'cancelled'] as const;
export type StatusFilter = (typeof taskStatuses)[number];

/** The periods that can be chosen, in seconds until now. */
export const periods = {
  hour: ['Last hour', 3600],
  day: ['Last 24 hours', 86_400],
  week: ['Last 7 days', 604_800],
} as const;
export type Period = keyof typeof periods;
export const periodNames = Object.keys(periods) as Period[];

export const views = ['table', 'grid'] as const;
export type View = (typeof views)[number];

/** Which tasks are listed, and how. */
export type Filters = {
  readonly status?: StatusFilter | undefined;
  readonly period?: Period | undefined;
  readonly key?: string | undefined;
  readonly model?: string | undefined;
  readonly text?: string | undefined;
};

/** The limit of the API. */
export const maxSearchLength = 200;

/** The filters of an address. An unknown value counts as absent. */
export function filtersOf(query: URLSearchParams): Filters {
  const key = query.get('key') ?? '';
  return {
    status: taskStatuses.find((status) => status === query.get('status')),
    period: periodNames.find((period) => period === query.get('period')),
    key: /^key-[0-9a-f]{16}$/.test(key) ? key : undefined,
    model: query.get('model') || undefined,
    text: query.get('text')?.slice(0, maxSearchLength) || undefined,
  };
}

export const isFiltered = (filters: Filters): boolean =>
  Object.values(filters).some((filter) => filter !== undefined);
