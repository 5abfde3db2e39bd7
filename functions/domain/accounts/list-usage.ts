import { percentile } from '../billing/duration-histogram.ts';
import {
  addCounts,
  afterAllPositions,
  endOfPositions,
  noUsage,
  type Usage,
  type UsageCounts,
  type UsageStore,
} from '../billing/usage.ts';
import type { Accounts } from '../model/account.ts';
import type { ApiKeys } from '../model/api-key.ts';
import type { Clock } from '../model/clock.ts';
import { toCredits } from '../model/money.ts';
import { Problem } from '../model/problem.ts';
import { encodeCursor, pageResponse } from '../wire/cursor.ts';
import { accountNotFound } from './accounts.ts';
import {
  type AdminUsageQuery,
  daysOf,
  rowsOf,
  type UsageGroup,
  type UsageQuery,
  usageGroups,
} from './usage-query.ts';

// Usage is stored by day, key and model, in this order, for each account. A request groups it by any of them. If the groups
// are in the order in which the rows are stored, a page reads only the rows of its own groups, however many others there are.
// Any other grouping needs all rows of the requested days; it may read at most this many:
export const maxRowsRead = 100_000;
/** How many rows are read at a time, and of how many accounts. */
const readAtOnce = { rows: 1000, accounts: 16 };

type Deps = {
  readonly usage: UsageStore;
  readonly accounts: Pick<Accounts, 'exists' | 'list'>;
  readonly keys: Pick<ApiKeys, 'names'>;
  readonly now: Clock;
};

type UsageOfAccount = Usage & { readonly account: string };

/** What an account has used, by day, key or model. @throws {Problem} `invalid_request` */
export const listUsage =
  (deps: Omit<Deps, 'accounts'>) => async (query: UsageQuery, account: string) => {
    const days = daysOf(query, deps.now());
    const read = (from: Start) => rowsOfAccount(deps.usage, account, positionsOf(days, from));
    const { groups, next } = await readGroups(query, 'account', read);
    const rows = await viewsOf(deps, groups, usageView);
    return { ...pageResponse(rows, next), ...days };
  };

/**
 * What accounts have used, and what the providers charge for it.
 * @throws {Problem} `invalid_request`, `account_not_found`
 */
export const listAllUsage = (deps: Deps) => async (query: AdminUsageQuery) => {
  const { account } = query;
  if (account !== undefined && !(await deps.accounts.exists(account))) {
    throw accountNotFound(account);
  }
  const days = daysOf(query, deps.now());
  const read = (from: Start) =>
    account === undefined
      ? rowsOfAll(deps, days, from)
      : rowsOfAccount(deps.usage, account, positionsOf(days, from));
  const { groups, next } = await readGroups(
    query,
    account === undefined ? undefined : 'account',
    read,
  );
  const rows = await viewsOf(deps, groups, adminUsageView);
  return { ...pageResponse(rows, next), ...days };
};

// Reading.

type Days = ReturnType<typeof daysOf>;
/** Where reading begins: at this account, and at this position in it. */
type Start = { readonly account?: string | undefined; readonly position?: string | undefined };
type Positions = { readonly from: string; readonly to: string };

const positionsOf = ({ from, to }: Days, { position = from }: Start): Positions => ({
  from: position > from ? position : from,
  to,
});

/** The rows of an account in the order of their positions. */
async function* rowsOfAccount(
  usage: UsageStore,
  account: string,
  { from, to }: Positions,
): AsyncGenerator<UsageOfAccount> {
  for (let next: string | undefined = from; next !== undefined; ) {
    const page = await usage.page(account, { from: next, to, limit: readAtOnce.rows });
    for (const row of page.rows) yield { ...row, account };
    next = page.next;
  }
}

/** The rows of all accounts by name, several accounts at a time. */
async function* rowsOfAll(
  { usage, accounts }: Deps,
  days: Days,
  start: Start,
): AsyncGenerator<UsageOfAccount> {
  const first = start.account;
  if (first !== undefined) yield* rowsOfAccount(usage, first, positionsOf(days, start));
  for (let after = first, more = true; more; ) {
    const { accounts: some, next } = await accounts.list({ limit: readAtOnce.accounts, after });
    const begun = await Promise.all(
      some.map(async ({ account }) => {
        const range = { ...days, limit: readAtOnce.rows };
        return { account, page: await usage.page(account, range) };
      }),
    );
    for (const { account, page } of begun) {
      for (const row of page.rows) yield { ...row, account };
      if (page.next) yield* rowsOfAccount(usage, account, { from: page.next, to: days.to });
    }
    [after, more] = [next, next !== undefined];
  }
}

// Grouping.

type Group = {
  readonly account?: string | undefined;
  readonly day?: string | undefined;
  readonly key?: string | undefined;
  readonly model?: string | undefined;
  readonly counts: UsageCounts;
};
type Groups = { readonly groups: readonly Group[]; readonly next?: string | undefined };
type Query = Pick<UsageQuery, 'group_by' | 'cursor' | 'format' | 'limit'>;

const groupValue = (row: UsageOfAccount, group: UsageGroup): string =>
  group === 'key' ? row.keyId : row[group];

/** A text that sorts as the values do: no value has a character that sorts before the space. */
const nameOf = (values: readonly string[]): string => values.join(' ');

/**
 * A page of groups. Rows come in units: all rows with the same values of the groups that they are sorted by. Within a unit
 * the groups come in any order.
 * @param onlyOne a group that has only one value here, so the rows are sorted by it in any case
 */
async function readGroups(
  query: Query,
  onlyOne: 'account' | undefined,
  read: (start: Start) => AsyncIterable<UsageOfAccount>,
): Promise<Groups> {
  const { group_by: by } = query;
  const limit = rowsOf(query);
  const after = valuesIn(query);
  const sortedBy = usageGroups.slice(0, firstMissing(by, onlyOne));
  const page: Group[] = [];
  let unit = newUnit('');
  const closeUnit = () => page.push(...groupsAfter(after, unit));
  let rows = 0;
  for await (const row of read(startOf(by, sortedBy, after))) {
    const name = nameOf(sortedBy.map((group) => groupValue(row, group)));
    if (name !== unit.name) {
      closeUnit();
      if (page.length > limit) break;
      unit = newUnit(name);
    }
    rows += 1;
    if (rows > maxRowsRead) return cut(page, Math.min(limit, page.length), by);
    addTo(unit.groups, by, row);
  }
  if (page.length <= limit) closeUnit();
  return page.length > limit ? cut(page, limit, by) : { groups: page };
}

type Unit = { readonly name: string; readonly groups: Map<string, Group> };

const newUnit = (name: string): Unit => ({ name, groups: new Map() });

const groupsAfter = (after: readonly string[] | undefined, { groups }: Unit): readonly Group[] =>
  [...groups]
    .filter(([name]) => !after || name > nameOf(after))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => group);

/** By how many of all groups, from the first one on, the rows are sorted. */
function firstMissing(by: readonly UsageGroup[], onlyOne: 'account' | undefined): number {
  const missing = usageGroups.findIndex((group) => group !== onlyOne && !by.includes(group));
  return missing < 0 ? usageGroups.length : missing;
}

function addTo(groups: Map<string, Group>, by: readonly UsageGroup[], row: UsageOfAccount): void {
  const values = by.map((group) => [group, groupValue(row, group)] as const);
  const name = nameOf(values.map(([, value]) => value));
  const { counts = noUsage } = groups.get(name) ?? {};
  groups.set(name, { ...Object.fromEntries(values), counts: addCounts(counts, row) });
}

/** Cuts a page that has more groups. @throws {Problem} when no group is left, because the first unit is too large */
function cut(page: readonly Group[], limit: number, by: readonly UsageGroup[]): Groups {
  const groups = page.slice(0, limit);
  const last = groups.at(-1);
  if (!last) throw tooMuch();
  const values = by.map((group) => last[group] ?? '');
  return { groups, next: encodeCursor([by.join(','), ...values]) };
}

/** The values of the last row of the page before. @throws {Problem} when the cursor belongs to another list */
function valuesIn({ cursor, group_by: by }: Query): readonly string[] | undefined {
  if (!cursor) return undefined;
  const [groupedBy, ...values] = cursor;
  if (groupedBy === by.join(',') && values.length === by.length) return values;
  throw new Problem('invalid_request', 'cursor must be that of a page with the same group_by', {
    param: 'cursor',
  });
}

/** Where the rows of the next page begin: after the last unit, or at its start if it may have more groups. */
function startOf(
  by: readonly UsageGroup[],
  sortedBy: readonly UsageGroup[],
  after: readonly string[] | undefined,
): Start {
  if (!after) return {};
  const value = (group: UsageGroup) =>
    sortedBy.includes(group) ? after[by.indexOf(group)] : undefined;
  const account = value('account');
  const beginning = [value('day'), value('key'), value('model')]
    .filter((one) => one !== undefined)
    .join('#');
  const isUnitOver = by.every((group) => sortedBy.includes(group));
  if (!isUnitOver) return { account, position: beginning || undefined };
  return { account, position: beginning ? endOfPositions(beginning) : afterAllPositions };
}

const tooMuch = (): Problem =>
  new Problem(
    'invalid_request',
    'from must be later: there is too much usage in these days to add it up like this. Group it by day and key, too, or ask for fewer days.',
    { param: 'from' },
  );

// Views.

async function viewsOf<View>(
  { keys }: Pick<Deps, 'keys'>,
  groups: readonly Group[],
  view: (group: Group, keyName: string | undefined) => View,
): Promise<readonly View[]> {
  const ids = new Set(groups.flatMap(({ key }) => key ?? []));
  const names = await keys.names([...ids]);
  return groups.map((group) => view(group, names.get(group.key ?? '')));
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Usage as the account sees it. */
export const usageView = ({ account, day, key, model, counts }: Group, keyName?: string) => ({
  object: 'usage' as const,
  ...(account !== undefined && { account }),
  ...(day !== undefined && { day }),
  ...(key !== undefined && { key_id: key, key_name: keyName ?? null }),
  ...(model !== undefined && { model }),
  tasks: counts.tasks,
  failed: counts.failedTasks,
  images: counts.images,
  credits: toCredits(counts.charged),
  success_share: rounded((counts.tasks - counts.failedTasks) / counts.tasks, 4),
  seconds_p50: secondsOf(counts, 0.5),
  seconds_p95: secondsOf(counts, 0.95),
});

function secondsOf({ seconds }: UsageCounts, share: number): number | null {
  const found = percentile(seconds, share);
  return found === undefined ? null : rounded(found, 1);
}

/** Usage as the operator sees it. */
export const adminUsageView = (group: Group, keyName?: string) => ({
  ...usageView(group, keyName),
  provider_cost_usd: group.counts.unpricedImages > 0 ? null : group.counts.providerCost / 1_000_000,
});
