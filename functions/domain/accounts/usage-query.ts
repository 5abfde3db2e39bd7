import * as z from 'zod';
import { dayMs } from '../model/duration.ts';
import { patterns } from '../model/ids.ts';
import { Problem } from '../model/problem.ts';
import { cursorSchema } from '../wire/cursor.ts';

/** What usage can be grouped by, in the order in which it is sorted. Only the operator sees several accounts. */
export const usageGroups = ['account', 'day', 'key', 'model'] as const;
export type UsageGroup = (typeof usageGroups)[number];

/** The most rows of a page, and of a table (`format=csv`). */
export const maxUsageRows = { json: 1000, csv: 10_000 } as const;
const defaultRows = { json: 100, csv: maxUsageRows.csv } as const;
/** The most days that one request may cover: a leap year. */
export const maxUsageDays = 366;
/** How many days a request covers if it does not say, today included. */
export const defaultUsageDays = 30;

const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(to) - Date.parse(from)) / dayMs);
const daysBefore = (day: string, days: number): string =>
  new Date(Date.parse(day) - days * dayMs).toISOString().slice(0, 10);

const rules = {
  groupBy: (groups: readonly string[]) =>
    `group_by must be one or more of ${groups.join(', ')}, separated by commas and each once`,
  day: (name: string) => `${name} must be a day like 2026-11-22`,
  format: 'format must be json or csv',
  order: 'from must not be later than to',
  tooLong: `from must be less than ${maxUsageDays} days before to`,
  limit: `limit must be a whole number from 1 to ${maxUsageRows.json}, with format=csv to ${maxUsageRows.csv}`,
  account: 'account must be the name of an account',
} as const;

const dayOf = (name: string) => z.string(rules.day(name)).refine(isDay, rules.day(name));

/** Whether a text is a real day: 2026-02-30 is not. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

function groupsOf<Group extends UsageGroup>(allowed: readonly Group[]) {
  const rule = rules.groupBy(allowed);
  return z
    .string(rule)
    .max(100, rule)
    .default('day')
    .transform((text, context): readonly UsageGroup[] => {
      const named = text.split(',');
      const groups = allowed.filter((group) => named.includes(group));
      if (groups.length === named.length) return groups;
      context.addIssue({ code: 'custom', message: rule });
      return z.NEVER;
    });
}

const fieldsFor = (groups: readonly UsageGroup[]) => ({
  group_by: groupsOf(groups),
  from: dayOf('from').optional(),
  to: dayOf('to').optional(),
  format: z.enum(['json', 'csv'], rules.format).default('json'),
  limit: z
    .string(rules.limit)
    .regex(/^\d{1,5}$/, rules.limit)
    .transform(Number)
    .optional(),
  // What the page before was grouped by, and the groups of its last row.
  cursor: cursorSchema(z.array(z.string().min(1).max(100)).min(2).max(5)),
});

type Fields = {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly format: 'json' | 'csv';
  readonly limit?: number | undefined;
};

/** The name of the first wrong field, and the rule that it breaks. */
function wrongField({
  from,
  to,
  format,
  limit = 1,
}: Fields): readonly [string, string] | undefined {
  if (limit < 1 || limit > maxUsageRows[format]) return ['limit', rules.limit];
  if (from === undefined || to === undefined) return undefined;
  if (from > to) return ['from', rules.order];
  return daysBetween(from, to) < maxUsageDays ? undefined : ['from', rules.tooLong];
}

function requireFields(query: Fields, context: z.RefinementCtx): void {
  const [param, message] = wrongField(query) ?? [];
  if (param !== undefined) context.addIssue({ code: 'custom', path: [param], message });
}

/** The query of `GET /v1/usage`. */
export const UsageQuery = z
  .strictObject(fieldsFor(['day', 'key', 'model']))
  .superRefine(requireFields);
export type UsageQuery = z.output<typeof UsageQuery>;

/** The query of `GET /v1/admin/usage`. */
export const AdminUsageQuery = z
  .strictObject({
    ...fieldsFor(usageGroups),
    account: z.string(rules.account).regex(patterns.account, rules.account).optional(),
  })
  .superRefine(requireFields);
export type AdminUsageQuery = z.output<typeof AdminUsageQuery>;

/**
 * The days that a request is about: without `to` until today, and without `from` the last days.
 * @throws {Problem} `invalid_request` when they are too many
 */
export function daysOf(
  { from, to }: Pick<Fields, 'from' | 'to'>,
  now: number,
): { readonly from: string; readonly to: string } {
  const today = new Date(now).toISOString().slice(0, 10);
  const last = to ?? (from !== undefined && from > today ? from : today);
  const first = from ?? daysBefore(last, defaultUsageDays - 1);
  if (daysBetween(first, last) < maxUsageDays) return { from: first, to: last };
  throw new Problem('invalid_request', rules.tooLong, { param: 'from' });
}

/** How many rows a page has at most. */
export const rowsOf = ({ format, limit = defaultRows[format] }: Fields): number => limit;
