import { describe, expect, test } from 'vitest';
import {
  listAllUsage,
  listUsage,
  maxRowsRead,
} from '../../../../functions/domain/accounts/list-usage.ts';
import { AdminUsageQuery, UsageQuery } from '../../../../functions/domain/accounts/usage-query.ts';
import type { Usage, UsageRange, UsageStore } from '../../../../functions/domain/billing/usage.ts';
import { usagePageOf } from '../../../support/money.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const now = Date.parse('2026-11-30T16:00:00Z');
const model = 'wan2.5-image-to-image';

const row = (day: string, keyId: string, more: Partial<Usage> = {}): Usage => ({
  day,
  keyId,
  model,
  tasks: 2,
  failedTasks: 1,
  images: 3,
  charged: 3600,
  providerCost: 90_000,
  unpricedImages: 0,
  seconds: { 18: 1 },
  ...more,
});

/** A service with this usage of each account, which counts the rows that are read. */
function service(rows: Readonly<Record<string, readonly Usage[]>>) {
  const reads = { rows: 0 };
  const usage: UsageStore = {
    page: async (account: string, range: UsageRange) => {
      const page = usagePageOf(rows[account] ?? [], range);
      reads.rows += page.rows.length;
      return page;
    },
  };
  const names = Object.keys(rows).sort();
  const deps = {
    usage,
    keys: {
      names: async (ids: readonly string[]) =>
        new Map(ids.map((id) => [id, `the name of ${id}`] as const)),
    },
    accounts: {
      exists: async (account: string) => names.includes(account),
      list: async ({ limit, after = '' }: { limit: number; after?: string | undefined }) => {
        const left = names.filter((name) => name > after);
        const accounts = left.slice(0, limit).map((account) => ({
          account,
          userGroup: 'default',
          limits: {},
          createdAt: 0,
          granted: 0,
          balance: 0,
          reserved: 0,
          used: 0,
          inFlight: 0,
        }));
        return { accounts, next: left.length > limit ? accounts.at(-1)?.account : undefined };
      },
    },
    now: () => now,
  };
  return {
    reads,
    own: (query: object, account = 'shop') => listUsage(deps)(UsageQuery.parse(query), account),
    all: (query: object) => listAllUsage(deps)(AdminUsageQuery.parse(query)),
  };
}

type Listed = { readonly data: readonly object[]; readonly next_cursor: string | null };

async function walk<L extends Listed>(list: (cursor: object) => Promise<L>) {
  const data: L['data'][number][] = [];
  let pages = 0;
  for (let cursor: string | null | undefined; cursor !== null; pages += 1) {
    const page: L = await list(cursor ? { cursor } : {});
    data.push(...page.data);
    cursor = page.next_cursor;
  }
  return { data, pages };
}

const lateNovember = [
  row('2026-11-28', 'key-a'),
  row('2026-11-28', 'key-b', { model: 'other' }),
  row('2026-11-29', 'key-a', { model: 'other' }),
  row('2026-11-29', 'key-a', { failedTasks: 2, images: 0, charged: 0, seconds: {} }),
];

describe('usage is added up', () => {
  test('by day when the request does not say, of the last thirty days', async () => {
    const { own } = service({
      shop: [row('2026-10-31', 'key-a'), row('2026-11-01', 'key-a'), ...lateNovember],
    });

    const list = await own({});

    expect(list).toMatchObject({ object: 'list', from: '2026-11-01', to: '2026-11-30' });
    expect(list.data.map(({ day, tasks }) => [day, tasks])).toEqual([
      ['2026-11-01', 2],
      ['2026-11-28', 4],
      ['2026-11-29', 4],
    ]);
  });

  test('with its success share, its percentiles, and the name of its key', async () => {
    const { own } = service({ shop: lateNovember });

    const { data } = await own({ group_by: 'day,key' });

    expect(data).toEqual([
      {
        object: 'usage',
        day: '2026-11-28',
        key_id: 'key-a',
        key_name: 'the name of key-a',
        tasks: 2,
        failed: 1,
        images: 3,
        credits: 3.6,
        success_share: 0.5,
        seconds_p50: 20.7,
        seconds_p95: 20.7,
      },
      expect.objectContaining({ day: '2026-11-28', key_id: 'key-b' }),
      expect.objectContaining({ tasks: 4, failed: 3, success_share: 0.25, seconds_p50: 20.7 }),
    ]);
  });

  test('without percentiles when no task was completed', async () => {
    const { own } = service({ shop: lateNovember });

    const { data } = await own({ group_by: 'day,key,model', from: '2026-11-29', to: '2026-11-29' });

    expect(data.map(({ seconds_p50, success_share }) => [seconds_p50, success_share])).toEqual([
      [20.7, 0.5],
      [null, 0],
    ]);
  });

  test.each([
    ['day', ['2026-11-28', '2026-11-29']],
    ['key', ['key-a', 'key-b']],
    ['model', ['other', model]],
    [
      'day,model',
      ['2026-11-28 other', `2026-11-28 ${model}`, '2026-11-29 other', `2026-11-29 ${model}`],
    ],
    ['model,key', ['key-a other', `key-a ${model}`, 'key-b other']],
    ['key,day', ['2026-11-28 key-a', '2026-11-28 key-b', '2026-11-29 key-a']],
  ])('by %s in the order of the groups, and page by page as at once', async (group_by, groups) => {
    const { own } = service({ shop: lateNovember });

    const atOnce = await own({ group_by });
    const { data, pages } = await walk((cursor) => own({ group_by, limit: '1', ...cursor }));

    expect(
      atOnce.data.map((one) => [one.day, one.key_id, one.model].filter(Boolean).join(' ')),
    ).toEqual(groups);
    expect(data).toEqual(atOnce.data);
    expect(pages).toBe(groups.length);
  });
});

describe('the usage of all accounts', () => {
  const rows = {
    ...Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`account-${String(n).padStart(2, '0')}`, lateNovember]),
    ),
    silent: [],
  };

  test.each([
    'account',
    'account,day',
    'account,model',
    'account,day,key,model',
    'day',
    'key',
    'day,model',
  ])('by %s is the same page by page as at once, and complete', async (group_by) => {
    const { all } = service(rows);

    const atOnce = await all({ group_by, limit: '1000' });
    const { data } = await walk((cursor) => all({ group_by, limit: '3', ...cursor }));

    expect(data).toEqual(atOnce.data);
    expect(new Set(data.map((one) => JSON.stringify(one))).size).toBe(data.length);
    expect(atOnce.data.reduce((sum, { tasks }) => sum + tasks, 0)).toBe(40 * 8);
  });

  test('says what the providers ask, and nothing when a price is missing', async () => {
    const { all } = service({
      priced: [row('2026-11-28', 'key-a')],
      unpriced: [row('2026-11-28', 'key-b', { unpricedImages: 1 })],
    });

    const { data } = await all({ group_by: 'account' });

    expect(data.map(({ account, provider_cost_usd }) => [account, provider_cost_usd])).toEqual([
      ['priced', 0.09],
      ['unpriced', null],
    ]);
    expect(JSON.stringify((await service({ shop: lateNovember }).own({})).data)).not.toContain(
      'cost',
    );
  });

  test('of one that does not exist is refused', async () => {
    expect(await thrownBy(service(rows).all({ account: 'nobody' }))).toMatchObject({
      code: 'account_not_found',
    });
  });
});

describe('a million rows of usage', () => {
  const days = Array.from({ length: 365 }, (_, n) =>
    new Date(Date.parse('2025-12-01') + n * 86_400_000).toISOString().slice(0, 10),
  );
  const keys = Array.from({ length: 2740 }, (_, n) => `key-${n.toString(16).padStart(16, '0')}`);
  const million = days.flatMap((day) => keys.map((keyId) => row(day, keyId)));
  const range = { from: days[0], to: days.at(-1) };

  /** A store that finds a position at once, as DynamoDB does. */
  const millionRows = () => {
    const reads = { rows: 0 };
    const usage: UsageStore = {
      page: async (_account, { from, to, limit }) => {
        const start = Math.max(0, days.indexOf(from.slice(0, 10))) * keys.length;
        const page = usagePageOf(million.slice(start, start + keys.length + limit + 1), {
          from,
          to,
          limit,
        });
        reads.rows += page.rows.length;
        return page;
      },
    };
    const list = listUsage({ usage, keys: { names: async () => new Map() }, now: () => now });
    return {
      reads,
      list: (query: object) => list(UsageQuery.parse({ ...range, ...query }), 'shop'),
    };
  };

  test('are read page by page, each page its own rows and few others', async () => {
    expect(million.length).toBeGreaterThan(1_000_000);
    const { list, reads } = millionRows();

    const first = await list({ group_by: 'day,key,model', limit: '1000' });
    expect(reads.rows).toBeLessThanOrEqual(3000);
    const second = await list({
      group_by: 'day,key,model',
      limit: '1000',
      cursor: first.next_cursor,
    });

    expect(reads.rows).toBeLessThanOrEqual(6000);
    expect([...first.data, ...second.data].map(({ key_id }) => key_id)).toEqual(
      keys.slice(0, 2000),
    );
  });

  test('by day come in pages that end early when a page would read too many rows', async () => {
    const { list } = millionRows();

    const { data, pages } = await walk((cursor) =>
      list({ group_by: 'day', limit: '365', ...cursor }),
    );

    expect(data.map((one) => ('day' in one ? one.day : ''))).toEqual(days);
    expect(data.every((one) => 'tasks' in one && one.tasks === 2 * keys.length)).toBe(true);
    expect(pages).toBeGreaterThan(5);
  });

  test('by key alone are refused with advice, before too many rows are read', async () => {
    const { list, reads } = millionRows();

    const problem = await thrownBy(list({ group_by: 'key' }));

    expect(problem).toMatchObject({ code: 'invalid_request', param: 'from' });
    expect(reads.rows).toBeLessThanOrEqual(maxRowsRead + 1000);
  });
});

describe('a request is refused with the name of its field', () => {
  test.each([
    ['group_by', { group_by: 'week' }],
    ['group_by', { group_by: 'day,day' }],
    ['group_by', { group_by: '' }],
    ['group_by', { group_by: 'account' }],
    ['from', { from: '2026-02-30' }],
    ['from', { from: 'yesterday' }],
    ['from', { from: '2026-11-22T00:00:00Z' }],
    ['to', { to: '20261122' }],
    ['to', { to: '+12026-11-22' }],
    ['from', { from: '2026-11-23', to: '2026-11-22' }],
    ['from', { from: '2025-11-22', to: '2026-11-23' }],
    ['limit', { limit: '0' }],
    ['limit', { limit: '1001' }],
    ['limit', { limit: '10001', format: 'csv' }],
    ['limit', { limit: '1e3' }],
    ['format', { format: 'xlsx' }],
    ['cursor', { cursor: 'made-up' }],
    ['cursor', { cursor: Buffer.from('["day"]').toString('base64url') }],
    ['cursor', { cursor: Buffer.from('["day",""]').toString('base64url') }],
  ])('for %s in %j', (param, query) => {
    const { error } = UsageQuery.safeParse(query);

    expect(error?.issues[0]?.path[0]).toBe(param);
    expect(error?.issues[0]?.message).toContain(param);
  });

  test('for a cursor of a page that was grouped otherwise', async () => {
    const { own } = service({ shop: lateNovember });
    const { next_cursor: cursor } = await own({ group_by: 'day', limit: '1' });

    expect(await thrownBy(own({ group_by: 'key', cursor }))).toMatchObject({
      code: 'invalid_request',
      param: 'cursor',
    });
  });

  test('for a first day more than a year ago without a last day', async () => {
    expect(await thrownBy(service({}).own({ from: '2025-11-29' }))).toMatchObject({
      code: 'invalid_request',
      param: 'from',
    });
  });

  test('for a parameter that does not exist, and for another account', () => {
    for (const query of [{ since: '7d' }, { account: 'other' }]) {
      expect(UsageQuery.safeParse(query).success).toBe(false);
    }
  });
});

test('a forged cursor leads into no other account, and not before the first day', async () => {
  const { own } = service({ shop: lateNovember, other: [row('2026-11-28', 'key-secret')] });
  const cursor = Buffer.from(JSON.stringify(['day', '0'])).toString('base64url');

  const { data } = await own({ from: '2026-11-29', to: '2026-11-29', cursor });

  expect(data.map(({ day }) => day)).toEqual(['2026-11-29']);
});
