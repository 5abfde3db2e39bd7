import { describe, expect, test } from 'vitest';
import type { CursorKey } from '../../functions/domain/model/ids.ts';
import type { ListOptions } from '../../functions/domain/tasks/list-tasks.ts';
import { activeTaskView, summaryView } from '../../functions/domain/wire/view.ts';
import { completed, failed } from '../support/tasks.ts';
import { pagesOf } from './pages.ts';
import { draft, type MakeStore, openTask, type Store, settle } from './stores.ts';

const ids = (tasks: readonly { readonly id: string }[]) => tasks.map(({ id }) => id);

/** Opens tasks at these times; returns their ids in the same order. */
async function openedAt(store: Store, ...times: readonly number[]): Promise<readonly string[]> {
  const made: string[] = [];
  for (const createdAt of times) made.push((await openTask(store, { createdAt })).id);
  return made;
}

const allPages = ({ history }: Store, options: ListOptions) =>
  pagesOf(async (after: CursorKey | undefined) => {
    const { tasks, next } = await history.list('default', { ...options, after });
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

    test('a listed task has what a list shows', async () => {
      const store = await make();
      const task = await openTask(store, { createdAt: 10 });
      const ended = completed({ id: task.id, createdAt: 10, finishedAt: 20, charged: 1200 });
      await settle(store, ended);

      const { tasks } = await store.history.list('default', { limit: 1 });

      const { id, model, images } = ended;
      expect(tasks).toEqual([
        expect.objectContaining({
          id,
          model,
          images,
          status: 'completed',
          createdAt: 10,
          finishedAt: 20,
          charged: 1200,
        }),
      ]);
    });

    test('a listed task has the same progress as the task itself', async () => {
      const store = await make();
      const { id } = await openTask(store, { createdAt: 10 });
      await store.tasks.acquireSubmitLock(id, 'fal', 20);
      const task = await store.tasks.recordSubmitted(id, 'ticket', 30, { typicalSeconds: 41.5 });

      const { tasks } = await store.history.list('default', { limit: 1 });

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

      expect(await store.history.list('default', { limit: 10 })).toMatchObject({ tasks: [] });
    });

    test.each<[string, Partial<ListOptions>, readonly number[]]>([
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

      const { tasks } = await store.history.list('default', { limit: 10, ...options });

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
  });

  test('tasks are found by their ids, and one that does not exist is left out', async () => {
    const store = await make();
    const [a, b] = await openedAt(store, 1, 2);

    const found = await store.history.findAll([a ?? '', draft().id, b ?? '']);

    expect(ids(found).toSorted()).toEqual([a, b].toSorted());
  });
}
