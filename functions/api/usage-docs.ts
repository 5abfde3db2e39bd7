import { adminUsageView, usageView } from '../domain/accounts/list-usage.ts';
import { defaultUsageDays, maxUsageDays, maxUsageRows } from '../domain/accounts/usage-query.ts';
import { csvOf } from '../domain/wire/csv.ts';
import type { FieldDocs } from '../runtime/route.ts';
import { account, keyId } from './example-ids.ts';
import { limitAndCursor, wholeNumber } from './field-docs.ts';

// What the document says about the usage of one account and of all accounts.

const day = { type: 'string', format: 'date', pattern: undefined } as const;

/** The fields of both queries, for these groups. */
export const usageFields = (groups: readonly string[]): Record<string, FieldDocs> => ({
  '': { description: 'Which usage, and how it is grouped' },
  group_by: {
    description: `The fields to group by, separated by commas: ${groups.join(', ')}. There is a row for each combination, in this order`,
    type: 'string',
    default: 'day',
    example: 'day,key',
  },
  from: {
    description: `The first day (UTC). A request covers at most ${maxUsageDays} days. Without it, the last ${defaultUsageDays} days`,
    ...day,
  },
  to: { description: 'The last day (UTC); without it, today', ...day },
  format: { description: '`csv`: a table (text/csv) with the fields as its columns' },
  limit: {
    description: `How many rows at most: up to ${maxUsageRows.json}, with \`format=csv\` up to ${maxUsageRows.csv}, which is then the default`,
    ...wholeNumber,
    minimum: 1,
    maximum: maxUsageRows.csv,
    default: 100,
  },
  cursor: {
    ...limitAndCursor.cursor,
    description:
      'The `next_cursor` of the page before, or its header `Next-Cursor`, with the same `group_by`',
  },
});

const group = {
  day: '2026-03-02',
  key: keyId,
  model: 'wan2.5-image-to-image',
  counts: {
    tasks: 40,
    failedTasks: 2,
    images: 52,
    charged: 62_400,
    providerCost: 1_560_000,
    unpricedImages: 0,
    seconds: { 19: 30, 20: 6, 24: 2 },
  },
};
export const usage = usageView(group, 'web');
export const allUsage = adminUsageView({ ...group, account }, 'web');
const { object, ...columns } = usage;
export const usageTable = csvOf(Object.keys(columns), [columns]);
