import { describe, expect, test } from 'vitest';
import type { CursorKey } from '../../functions/domain/model/ids.ts';
import {
  type CallbackRecord,
  type EndedTask,
  isEnded,
  type Pending,
  requestOf,
  type WithRequest,
} from '../../functions/domain/model/task.ts';
import type { ListRange } from '../../functions/domain/tasks/list-tasks.ts';
import { activeTaskView, summaryView } from '../../functions/domain/wire/view.ts';
import { completed, deleted, failed, keyOf, sampleKey } from '../support/tasks.ts';
import { listWalksContract } from './list-walks-contract.ts';
import { pagesOf } from './pages.ts';
import {
  draft,
  listPage,
  type MakeStore,
  openTask,
  recordAttempt,
  type Store,
  settle,
} from './stores.ts';

const ids = (tasks: readonly { readonly id: string }[]) => tasks.map(({ id }) => id);

/** Opens tasks at these times; returns their ids in the same order. */
async function openedAt(store: Store, ...times: readonly number[]): Promise<readonly string[]> {
  const made: string[] = [];
  for (const createdAt of times) made.push((await openTask(store, { createdAt })).id);
  return made;
}

const otherKey = 'key-fedcba9876543210';

/** Opens tasks with these prompts, one after the other, every second one with another key. */
async function openedOfTwoKeys(store: Store, prompts: readonly string[]) {
  await store.apiKeys.add(sampleKey({ keyId: otherKey, hash: 'hash of another' }));
  const made: WithRequest<Pending>[] = [];
  for (const [index, prompt] of prompts.entries()) {
    const key = index % 2 === 0 ? {} : { keyId: otherKey };
    made.push(await openTask(store, { createdAt: index + 1, prompt, ...key }));
  }
  return made;
}

type Options = Parameters<typeof listPage>[1];

const allPages = (store: Store, options: Options) =>
  pagesOf(async (after: CursorKey | undefined) => {
    const { tasks, next } = await listPage(store, { ...options, after });
    return { items: ids(tasks), next };
  });

/** What every store guarantees about lists of tasks. */
export function historyContract(make: MakeStore): void {
  describe("an account's tasks", () => {
    test('tasks are listed the newest first, in pages that neither repeat nor skip one', async () => {
      const store = await make();
      const [a, b, c, d, e] = await openedAt(store, 10, 30, 20, 50, 40);

      const pages = await allPages(store, { limit: 2 });

      expect(pages.flat()).toEqual([d, e, b, c, a]);
      expect(pages.filter(({ length }) => length > 2)).toEqual([]);
    });

    test('tasks of the same millisecond are all listed, whatever the size of the pages', async () => {
      const store = await make();
      const made = await openedAt(store, 7, 7, 7, 7, 7);

      const pages = await allPages(store, { limit: 2 });

      expect(pages.flat().toSorted()).toEqual(made.toSorted());
    });

    // Stores may spread a list by the ends of the ids.
    test('tasks whose ids end alike are listed among others, by 1, by 2 and by 20', async () => {
      const store = await make();
      const made: string[] = [];
      for (const [at, end] of [...'00000000001234567800000'].entries()) {
        const id = `task-unified-1-${String(at).padStart(6, '0')}0${end}`;
        made.push((await openTask(store, { id, createdAt: at })).id);
      }

      const newestFirst = made.toReversed();
      expect((await allPages(store, { limit: 1 })).flat()).toEqual(newestFirst);
      expect((await allPages(store, { limit: 2 })).flat()).toEqual(newestFirst);
      expect((await allPages(store, { limit: 20 })).flat()).toEqual(newestFirst);
    });

    test('a listed task is the task as it is now', async () => {
      const store = await make();
      const { id } = await openTask(store, { createdAt: 10 });
      await settle(store, completed({ id, createdAt: 10, finishedAt: 20, charged: 1200 }));

      const { tasks } = await listPage(store, { limit: 1 });

      expect(tasks).toMatchObject([{ id, status: 'completed', finishedAt: 20, charged: 1200 }]);
      expect(tasks.map((task) => ({ ...task, reservedIn: undefined }))).toMatchObject([
        { ...(await store.tasks.findRecord(id)), reservedIn: undefined },
      ]);
      expect(await store.history.findAll([id])).toEqual([await store.tasks.find(id)]);
    });

    test('the last page has no cursor, also when it is full', async () => {
      const store = await make();
      const [older, newer] = await openedAt(store, 10, 20);

      expect(await allPages(store, { limit: 1 })).toEqual([[newer], [older]]);
    });

    test('a task that has expired is left out from that moment on, and the page has the next ones', async () => {
      const store = await make();
      const [a, b = '', c] = await openedAt(store, 10, 20, 30);
      await settle(store, completed({ id: b, createdAt: 20, expiresAt: 5000 }));

      expect(await allPages(store, { limit: 3, now: 4999 })).toEqual([[c, b, a]]);
      expect(await allPages(store, { limit: 2, now: 5000 })).toEqual([[c, a]]);
    });

    test('a listed task has the same progress as the task itself', async () => {
      const store = await make();
      const opened = await openTask(store, { createdAt: 10 });
      const { id } = opened;
      await store.tasks.acquireSubmitLock(id, 'fal', 20);
      const task = await store.tasks.recordSubmitted(id, 'ticket', 30, { typicalSeconds: 41.5 });

      const { tasks } = await listPage(store, { limit: 1 });

      expect(tasks).toEqual([
        expect.objectContaining({ status: 'processing', submittedAt: 30, typicalSeconds: 41.5 }),
      ]);
      for (const now of [30, 5030, 20_030, 99_030]) {
        expect(tasks.map((one) => summaryView({ ...opened, ...one }, now, 7).progress)).toEqual([
          task && activeTaskView({ ...opened, ...task }, { now, typicalSeconds: 7 }).progress,
        ]);
      }
    });

    test('the requests of many tasks are read at once, without those of deleted tasks', async () => {
      const store = await make();
      const made = [
        await openTask(store, { prompt: 'Snow' }),
        await openTask(store, { prompt: 'Rain' }),
      ];
      const [a, b] = made.map(({ id }) => id);

      const found = await store.history.findRequests([a ?? '', draft().id, b ?? '']);

      expect([...found].toSorted()).toEqual(
        made.map((task): [string, object] => [task.id, requestOf(task)]).toSorted(),
      );
      expect(await store.history.findRequests([])).toEqual(new Map());
    });

    test("a list never contains another account's tasks", async () => {
      const store = await make();
      await openTask(store, { account: 'somebody-else', createdAt: 1 });

      expect(await listPage(store, { limit: 10 })).toMatchObject({ tasks: [] });
    });

    test.each<[string, Partial<Options>, readonly number[]]>([
      ['from a time on', { from: 20 }, [30, 20]],
      ['up to a time', { to: 20 }, [20, 10]],
      ['within a time', { from: 20, to: 20 }, [20]],
      ['in an empty time range', { from: 30, to: 20 }, []],
      ['after a cursor', { after: { createdAt: 25, id: draft().id } }, [20, 10]],
      [
        'after a cursor later than the range',
        { to: 20, after: { createdAt: 99, id: draft().id } },
        [20, 10],
      ],
      [
        'after a cursor earlier than the range',
        { from: 20, after: { createdAt: 5, id: draft().id } },
        [],
      ],
      ['of another model', { model: 'another' }, []],
    ])('tasks can be listed %s', async (_, options, times) => {
      const store = await make();
      await openedAt(store, 10, 20, 30);

      const { tasks } = await listPage(store, { limit: 10, ...options });

      expect(tasks.map(({ createdAt }) => createdAt)).toEqual(times);
    });

    test('the tasks of one key are found among those of others, page by page', async () => {
      const store = await make();
      const made = await openedOfTwoKeys(store, Array(12).fill('Snow'));

      const pages = await allPages(store, { limit: 2, key: otherKey });

      expect(pages.flat()).toEqual(ids(made.filter(({ keyId }) => keyId === otherKey)).reverse());
      expect(pages.flat()).toHaveLength(6);
      expect(await allPages(store, { limit: 2, key: 'key-00000000000000cc' })).toEqual([[]]);
    });

    test('tasks are found by a text in their prompts, in capital or small letters, and come with their requests', async () => {
      const store = await make();
      await openTask(store, { createdAt: 1, prompt: 'Make it SNOW on the cafe\u0301' });
      await openTask(store, { createdAt: 2, prompt: 'Make it rain' });
      await openTask(store, { createdAt: 3, prompt: '<b>snow</b> 100%', metadata: { a: 'b' } });

      const promptsWith = async (text: string) => {
        const { tasks, requests } = await listPage(store, { limit: 10, text });
        expect(requests?.size).toBe(tasks.length);
        return tasks.map(({ id }) => requests?.get(id)?.prompt);
      };

      expect(await promptsWith('snow')).toEqual([
        '<b>snow</b> 100%',
        'Make it SNOW on the cafe\u0301',
      ]);
      expect(await promptsWith('CAF\u00c9')).toEqual(['Make it SNOW on the cafe\u0301']);
      expect(await promptsWith('00%')).toEqual(['<b>snow</b> 100%']);
      expect(await promptsWith('.*')).toEqual([]);
      expect(await promptsWith('b')).toEqual(['<b>snow</b> 100%']);
    });

    test('a text is searched only in tasks that fit the other filters, page by page', async () => {
      const store = await make();
      const made = await openedOfTwoKeys(store, ['Snow', 'Rain', 'Rain', 'Snow', 'Snow', 'Rain']);

      const pages = await allPages(store, { limit: 1, key: otherKey, text: 'snow' });

      expect(pages).toEqual([[made[3]?.id]]);
      expect((await allPages(store, { limit: 1, text: 'snow' })).flat()).toHaveLength(3);
    });

    test('tasks of a rare status are found among many others, page by page', async () => {
      const store = await make();
      const made = await openedAt(store, ...Array.from({ length: 60 }, (_, index) => index + 1));
      const rare = [made[0] ?? '', made[29] ?? '', made[58] ?? ''];
      for (const id of rare) await settle(store, failed({ id, createdAt: made.indexOf(id) + 1 }));

      const pages = await allPages(store, { limit: 2, status: 'failed' });

      expect(pages.flat()).toEqual(rare.toReversed());
    });

    listWalksContract(make);
  });

  describe('the tasks of a day', () => {
    const day = '2025-09-06';
    const noon = Date.UTC(2025, 8, 6, 12);
    const hourMs = 3_600_000;
    const pagesOfDay = (store: Store, limit: number) =>
      pagesOf(async (after: CursorKey | undefined) => {
        const items = await store.history.positionsOfDay(day, { limit, after });
        return { items, next: items.length === limit ? items.at(-1) : undefined };
      });

    test.each([1, 2, 10])(
      'are those of all accounts, the newest first, and deleted ones, by %i',
      async (limit) => {
        const store = await make();
        await openedAt(store, noon - 13 * hourMs, noon + 12 * hourMs); // the days before and after
        const { id: first } = await openTask(store, { createdAt: noon - 12 * hourMs });
        const { id: other } = await openTask(store, { createdAt: noon, account: 'studio' });
        const { id: last } = await openTask(store, { createdAt: noon + 12 * hourMs - 1 });
        await settle(store, completed({ id: last, createdAt: noon + 12 * hourMs - 1 }));
        await store.tasks.recordDeletion(deleted({ id: last, createdAt: noon + 12 * hourMs - 1 }));

        const pages = await pagesOfDay(store, limit);

        expect(ids(pages.flat())).toEqual([last, other, first]);
      },
    );
  });

  describe('the undelivered callbacks of an account', () => {
    const givenUp: CallbackRecord = { state: 'undelivered', attempts: 4, lastStatus: 500 };

    async function ended(store: Store, account?: string): Promise<string> {
      const { id } = await openTask(store, { createdAt: 5, ...(account && { account }) });
      await settle(store, completed({ id, ...(account && { account, keyId: keyOf(account) }) }));
      return id;
    }

    const giveUp = (store: Store, id: string, at: number, account = 'default') =>
      store.tasks.recordCallbackAttempt(
        completed({ id, account }),
        { at, milliseconds: 1 },
        givenUp,
      );

    test('are listed by the time they were given up, the last first, and those of no other account', async () => {
      const store = await make();
      const [a, b, c] = [await ended(store), await ended(store), await ended(store)];
      const foreign = await ended(store, 'studio');
      await giveUp(store, a, 300);
      await giveUp(store, b, 100);
      await giveUp(store, c, 200);
      await giveUp(store, foreign, 250, 'studio');

      const of = (range: ListRange) => store.history.undelivered('default', range);
      expect(await of({ limit: 2 })).toEqual([
        { id: a, createdAt: 300 },
        { id: c, createdAt: 200 },
      ]);
      expect(await of({ limit: 2, after: { id: c, createdAt: 200 } })).toEqual([
        { id: b, createdAt: 100 },
      ]);
      expect(ids(await of({ limit: 9, from: 150, to: 250 }))).toEqual([c]);
    });

    test('have a last attempt each, also when there were more than are stored, and one without an attempt has none', async () => {
      const store = await make();
      const [once, often, never] = [await ended(store), await ended(store), await ended(store)];
      await giveUp(store, once, 100);
      for (let at = 1; at <= 23; at += 1) {
        const { id, callbackAttempts } = (await store.tasks.find(often)) as EndedTask;
        await store.tasks.recordCallbackAttempt(
          completed({ id, callbackAttempts }),
          { at, milliseconds: at, status: 503 },
          givenUp,
        );
      }
      const found = await store.history.findStates([once, often, never]);

      const last = await store.history.findLastAttempts(found.filter(isEnded));

      expect(last).toEqual(
        new Map([
          [once, { at: 100, milliseconds: 1 }],
          [often, { at: 23, milliseconds: 23, status: 503 }],
        ]),
      );
    });

    test('are those that are undelivered now: not when they are sent again, delivered after all, or deleted', async () => {
      const store = await make();
      const [a, b, c] = [await ended(store), await ended(store), await ended(store)];
      for (const id of [a, b, c]) await giveUp(store, id, 100);

      await store.tasks.scheduleCallback(a, 900);
      await recordAttempt(store.tasks, b, { state: 'delivered', attempts: 5, lastStatus: 200 });
      await store.tasks.recordDeletion(deleted({ id: c }));

      expect(await store.history.undelivered('default', { limit: 9 })).toEqual([]);
      await giveUp(store, a, 950);
      expect(ids(await store.history.undelivered('default', { limit: 9 }))).toEqual([a]);
    });
  });

  test('tasks are found by their ids, and one that does not exist is left out', async () => {
    const store = await make();
    const [a, b] = await openedAt(store, 1, 2);

    const found = await store.history.findAll([a ?? '', draft().id, b ?? '']);

    expect(ids(found).toSorted()).toEqual([a, b].toSorted());
  });
}
