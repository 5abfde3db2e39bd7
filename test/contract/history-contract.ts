import { describe, expect, test } from 'vitest';
import type { CursorKey } from '../../functions/domain/model/ids.ts';
import { activeTaskView, summaryView } from '../../functions/domain/wire/view.ts';
import { completed, failed } from '../support/tasks.ts';
import { listWalksContract } from './list-walks-contract.ts';
import { pagesOf } from './pages.ts';
import { draft, listPage, type MakeStore, openTask, type Store, settle } from './stores.ts';

const ids = (tasks: readonly { readonly id: string }[]) => tasks.map(({ id }) => id);

/** Opens tasks at these times; returns their ids in the same order. */
async function openedAt(store: Store, ...times: readonly number[]): Promise<readonly string[]> {
  const made: string[] = [];
  for (const createdAt of times) made.push((await openTask(store, { createdAt })).id);
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
    test.each([1, 2, 20])(
      'tasks whose ids end alike are listed among others, by %i',
      async (limit) => {
        const store = await make();
        const made: string[] = [];
        for (const [at, end] of [...'00000000001234567800000'].entries()) {
          const id = `task-unified-1-${String(at).padStart(6, '0')}0${end}`;
          made.push((await openTask(store, { id, createdAt: at })).id);
        }

        expect((await allPages(store, { limit })).flat()).toEqual(made.toReversed());
      },
    );

    test('a listed task is the task as it is now', async () => {
      const store = await make();
      const { id } = await openTask(store, { createdAt: 10 });
      await settle(store, completed({ id, createdAt: 10, finishedAt: 20, charged: 1200 }));

      const { tasks } = await listPage(store, { limit: 1 });

      expect(tasks).toMatchObject([{ id, status: 'completed', finishedAt: 20, charged: 1200 }]);
      expect(tasks).toEqual([await store.tasks.find(id)]);
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
      const { id } = await openTask(store, { createdAt: 10 });
      await store.tasks.acquireSubmitLock(id, 'fal', 20);
      const task = await store.tasks.recordSubmitted(id, 'ticket', 30, { typicalSeconds: 41.5 });

      const { tasks } = await listPage(store, { limit: 1 });

      expect(tasks).toEqual([
        expect.objectContaining({ status: 'processing', submittedAt: 30, typicalSeconds: 41.5 }),
      ]);
      for (const now of [30, 5030, 20_030, 99_030]) {
        expect(tasks.map((one) => summaryView(one, now, 7).progress)).toEqual([
          task && activeTaskView(task, { now, typicalSeconds: 7 }).progress,
        ]);
      }
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

  test('tasks are found by their ids, and one that does not exist is left out', async () => {
    const store = await make();
    const [a, b] = await openedAt(store, 1, 2);

    const found = await store.history.findAll([a ?? '', draft().id, b ?? '']);

    expect(ids(found).toSorted()).toEqual([a, b].toSorted());
  });
}
