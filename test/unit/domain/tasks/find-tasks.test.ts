import { describe, expect, test } from 'vitest';
import { newTaskId } from '../../../../functions/domain/model/ids.ts';
import type { Task } from '../../../../functions/domain/model/task.ts';
import { FindQuery, findTasks } from '../../../../functions/domain/tasks/find-tasks.ts';
import { getAnyTask } from '../../../../functions/domain/tasks/get-task.ts';
import { adminTaskView } from '../../../../functions/domain/wire/admin-task-view.ts';
import { memoryStore } from '../../../support/fakes.ts';
import { completed, failed, pending, processing } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const now = Date.parse('2026-11-30T16:00:00Z');
const hour = 3_600_000;
const day = 24 * hour;

function service(...tasks: readonly Task[]) {
  const store = memoryStore();
  for (const task of tasks) store.put(task);
  const find = findTasks({ history: store.history, now: () => now });
  return {
    store,
    find: (query: object = {}) => find(FindQuery.parse(query)),
    walk: async (query: object) => {
      const ids: string[] = [];
      let pages = 0;
      for (let cursor: string | null | undefined; cursor !== null; pages += 1) {
        const page = await find(FindQuery.parse({ ...query, ...(cursor && { cursor }) }));
        ids.push(...page.data.map(({ id }) => id));
        cursor = page.next_cursor;
      }
      return { ids, pages };
    },
  };
}

const idAt = (createdAt: number) => ({ id: newTaskId(createdAt), createdAt });
const code = 'content_policy_violation';

const shop = processing({ ...idAt(now - hour), account: 'shop', provider: 'fal' });
const refused = failed({
  ...idAt(now - 2 * hour),
  account: 'studio',
  failure: { code, message: 'Refused.' },
});
const undeliveredTask = completed({
  ...idAt(now - 3 * day),
  account: 'shop',
  callbackUrl: 'https://shop.example.com/done?token=secret',
  callback: { state: 'undelivered', attempts: 7 },
});
const waiting = pending({ ...idAt(now - 4 * day), callbackUrl: 'https://shop.example.com/' });
const all = [shop, refused, undeliveredTask, waiting];

describe('the list of all tasks', () => {
  test.each([
    ['nothing', {}, all],
    ['an account', { account: 'shop' }, [shop, undeliveredTask]],
    ['a status', { status: 'failed' }, [refused]],
    ['a code', { code }, [refused]],
    ['a provider', { provider: 'fal' }, [shop]],
    ['an undelivered callback', { callback: 'undelivered' }, [undeliveredTask]],
    ['a pending callback', { callback: 'pending' }, [waiting]],
    ['a time', { created_after: String((now - day) / 1000) }, [shop, refused]],
    ['a time before', { created_before: String((now - day) / 1000) }, [undeliveredTask, waiting]],
    ['two filters that no task fits', { account: 'studio', callback: 'undelivered' }, []],
  ])('has those that match %s, the newest first', async (_what, query, tasks) => {
    const { find, walk } = service(...all);

    const ids = tasks.map(({ id }) => id);
    expect((await find(query)).data.map(({ id }) => id)).toEqual(ids);
    expect((await walk({ ...query, limit: '1' })).ids).toEqual(ids);
  });

  test('has every task once, page by page over days with many tasks and with none', async () => {
    const times = [0, 0, 0, 1, day, day + 1, 10 * day, 10 * day, 25 * day];
    const tasks = times.flatMap((age) =>
      Array.from({ length: 40 }, () => pending(idAt(now - age))),
    );
    const { walk } = service(...tasks);

    for (const limit of ['1', '7', '100']) {
      const { ids } = await walk({ limit });
      expect(ids).toHaveLength(tasks.length);
      expect(new Set(ids)).toEqual(new Set(tasks.map(({ id }) => id)));
    }
  });

  test('finds the one of many in pages that end early, and reads no more days than it may', async () => {
    const old = pending({ ...idAt(now - 300 * day), account: 'rare' });
    const many = Array.from({ length: 2000 }, (_, n) => pending(idAt(now - n)));
    const { find, walk } = service(old, ...many);
    const query = {
      provider: 'fal',
      created_after: String(Math.floor((now - 301 * day) / 1000)),
    };

    expect(await find(query)).toMatchObject({ data: [], next_cursor: expect.any(String) });
    expect((await walk(query)).ids).toEqual([]);
    const every = await walk({ created_after: query.created_after, limit: '100' });
    expect(every.ids).toHaveLength(2001);
    expect(every.ids.at(-1)).toBe(old.id);
  });

  test('reads forty days for a page, however far back the request goes', async () => {
    const { store } = service();
    let days = 0;
    const history = {
      positions: store.history.positions,
      findStates: store.history.findStates,
      positionsOfDay: (...range: Parameters<typeof store.history.positionsOfDay>) => {
        days += 1;
        return store.history.positionsOfDay(...range);
      },
    };
    const find = findTasks({ history, now: () => now });

    const page = await find(FindQuery.parse({ created_after: '0' }));

    expect(page).toMatchObject({ data: [], next_cursor: expect.any(String) });
    expect(days).toBe(40);
  });

  test('goes back a month when nobody says how far', async () => {
    const { find } = service(pending(idAt(now - 40 * day)));

    expect(await find()).toEqual({ object: 'list', data: [], next_cursor: null });
  });

  test('shows neither the request nor the address of the callback', async () => {
    const { find } = service(...all);

    expect(JSON.stringify(await find())).not.toMatch(/starry|example\.com|secret/);
  });

  test('leaves out what has expired', async () => {
    const { find } = service(completed({ ...idAt(now - hour), expiresAt: now }));

    expect((await find()).data).toEqual([]);
  });

  test.each([
    ['limit', { limit: '101' }],
    ['cursor', { cursor: 'made-up' }],
    ['account', { account: 'Shop' }],
    ['status', { status: 'cancelled' }],
    ['code', { code: 'oops' }],
    ['provider', { provider: 'constructor' }],
    ['callback', { callback: 'lost' }],
    ['created_after', { created_after: 'yesterday' }],
    ['created_before', { created_before: '-1' }],
    ['created_after', { created_after: '5', created_before: '5' }],
  ])('refuses a wrong %s: %j', (param, query) => {
    const issue = FindQuery.safeParse(query).error?.issues[0];

    expect(issue?.path[0]).toBe(param);
    expect(issue?.message).toContain(param);
  });

  test('answers a forged cursor with a list, and without an error', async () => {
    const { find } = service(...all);
    for (const position of [
      [0, ''],
      [Number.MAX_SAFE_INTEGER, 'task-unified-1757156493-imcg5zqt'],
    ]) {
      const cursor = Buffer.from(JSON.stringify(position)).toString('base64url');
      expect(await find({ cursor })).toMatchObject({ object: 'list' });
      expect(await find({ cursor, created_before: '0' })).toMatchObject({ data: [] });
      expect(await find({ cursor, created_before: '99999999999' })).toMatchObject({
        object: 'list',
      });
    }
  });
});

describe('a task with its internals', () => {
  test('says how far it is, and never shows a token, a request or an address', () => {
    const view = adminTaskView(
      processing({
        provider: 'fal',
        ticket: 'ticket-9',
        slot: 'fal#0',
        polledAt: now,
        busyCount: 2,
        execution: 3,
        wakeToken: 'a task token',
        outcome: { state: 'succeeded', images: [{ url: 'https://provider.example.com/1' }] },
        submittedRequest: { images: ['https://inputs.example.com/very-words'] },
      }),
      [],
    );

    expect(view).toMatchObject({
      provider: 'fal',
      internals: {
        ticket: 'ticket-9',
        slot: 'fal#0',
        lane: 'interactive',
        queued_at: null,
        execution: 3,
        busy_count: 2,
        polled_at: now / 1000,
        is_waiting: true,
        outcome: 'succeeded',
      },
      callback_attempts: null,
    });
    expect(JSON.stringify(view)).not.toMatch(/a task token|very-words|https:/);
  });

  test('says since when it waits for a slot, and has waited when it has ended', () => {
    const queue = { pools: ['fal'], since: now - 5000 };

    expect(adminTaskView(pending({ queue }), []).internals).toMatchObject({
      slot: null,
      queued_at: now / 1000 - 5,
    });
    expect(
      adminTaskView(completed({ slot: 'fal#0', queuedAt: now - 5000 }), []).internals,
    ).toMatchObject({ slot: 'fal#0', queued_at: now / 1000 - 5 });
  });

  test('has the attempts of its callback, and only the host of their address', () => {
    const view = adminTaskView(undeliveredTask, [
      { at: now, milliseconds: 84, status: 503 },
      { at: now, milliseconds: 3, reason: 'refused the connection' },
    ]);

    expect(view.callback_attempts).toEqual({
      host: 'shop.example.com',
      count: 0,
      last: [
        { at: now / 1000, ms: 84, status: 503, reason: null },
        { at: now / 1000, ms: 3, status: null, reason: 'refused the connection' },
      ],
    });
    expect(JSON.stringify(view)).not.toContain('secret');
  });

  test('is found in any account; an invalid id and the id of no task have different errors', async () => {
    const { store } = service(...all);

    expect(await getAnyTask(store.tasks)(shop.id)).toMatchObject({ account: 'shop' });
    expect(await thrownBy(getAnyTask(store.tasks)('x'))).toMatchObject({ code: 'invalid_task_id' });
    expect(await thrownBy(getAnyTask(store.tasks)(newTaskId(now)))).toMatchObject({
      code: 'task_not_found',
    });
  });
});
