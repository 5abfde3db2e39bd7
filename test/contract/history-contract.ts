import { describe, expect, test } from 'vitest';
import type { Place } from '../../functions/task/cursor.ts';
import type { Wish } from '../../functions/task/history.ts';
import { runningView, summaryView } from '../../functions/task/view.ts';
import { completed, failed } from '../support/tasks.ts';
import { pagesOf } from './pages.ts';
import { draft, type Make, opened, type Store } from './stores.ts';

const ids = (tasks: readonly { readonly id: string }[]) => tasks.map(({ id }) => id);

/** Opens tasks at these times, and answers their ids in the same order. */
async function openedAt(store: Store, ...times: readonly number[]): Promise<readonly string[]> {
  const made: string[] = [];
  for (const createdAt of times) made.push((await opened(store, { createdAt })).id);
  return made;
}

const allPages = ({ history }: Store, wish: Wish) =>
  pagesOf(async (behind: Place | undefined) => {
    const { tasks, next } = await history.list('default', { ...wish, behind });
    return { items: ids(tasks), next };
  });

/** What every store guarantees to who looks through its tasks. */
export function historyContract(make: Make): void {
  describe("an account's tasks", () => {
    test('come the newest first, in pages that neither repeat nor leave out one', async () => {
      const store = await make();
      const [a, b, c, d, e] = await openedAt(store, 10, 30, 20, 50, 40);

      const pages = await allPages(store, { limit: 2 });

      expect(pages.flat()).toEqual([d, e, b, c, a]);
      expect(pages.filter(({ length }) => length > 2)).toEqual([]);
    });

    test('made in the same millisecond are all there, whatever the pages', async () => {
      const store = await make();
      const made = await openedAt(store, 7, 7, 7, 7, 7);

      const pages = await allPages(store, { limit: 2 });

      expect(pages.flat().toSorted()).toEqual(made.toSorted());
    });

    test('say what a list needs to know', async () => {
      const store = await make();
      const task = await opened(store, { createdAt: 10 });
      const ended = completed({ id: task.id, createdAt: 10, finishedAt: 20, charged: 1200 });
      await store.ledger.settle(ended);

      const { tasks } = await store.history.list('default', { limit: 1 });

      const { id, model, images } = ended;
      expect(tasks).toEqual([
        expect.objectContaining({
          ...{ id, model, images, status: 'completed' },
          ...{ createdAt: 10, finishedAt: 20, charged: 1200 },
        }),
      ]);
    });

    test('say of one that is painted how far it is, as the task itself does', async () => {
      const store = await make();
      const { id } = await opened(store, { createdAt: 10 });
      await store.tasks.submitting(id, 'fal', 20);
      const task = await store.tasks.submitted(id, 'ticket', 30, 41.5);

      const { tasks } = await store.history.list('default', { limit: 1 });

      expect(tasks).toEqual([
        expect.objectContaining({ status: 'processing', submittedAt: 30, expectedSeconds: 41.5 }),
      ]);
      for (const now of [30, 5030, 20_030, 99_030]) {
        expect(tasks.map((one) => summaryView(one, now, 7).progress)).toEqual([
          task && runningView(task, now, 7).progress,
        ]);
      }
    });

    test("are never another account's", async () => {
      const store = await make();
      await opened(store, { account: 'somebody-else', createdAt: 1 });

      expect(await store.history.list('default', { limit: 10 })).toMatchObject({ tasks: [] });
    });

    test.each<[string, Partial<Wish>, readonly number[]]>([
      ['from a time on', { from: 20 }, [30, 20]],
      ['up to a time', { to: 20 }, [20, 10]],
      ['within a time', { from: 20, to: 20 }, [20]],
      ['in no time at all', { from: 30, to: 20 }, []],
      ['behind a place', { behind: { createdAt: 25, id: draft().id } }, [20, 10]],
      [
        'behind a place later than wanted',
        { to: 20, behind: { createdAt: 99, id: draft().id } },
        [20, 10],
      ],
      [
        'behind a place earlier than wanted',
        { from: 20, behind: { createdAt: 5, id: draft().id } },
        [],
      ],
      ['of another model', { model: 'another' }, []],
    ])('can be asked for %s', async (_, wish, times) => {
      const store = await make();
      await openedAt(store, 10, 20, 30);

      const { tasks } = await store.history.list('default', { limit: 10, ...wish });

      expect(tasks.map(({ createdAt }) => createdAt)).toEqual(times);
    });

    test('of a rare status are found among many others, page by page', async () => {
      const store = await make();
      const made = await openedAt(store, ...Array.from({ length: 60 }, (_, index) => index + 1));
      const rare = [made[0] ?? '', made[29] ?? '', made[58] ?? ''];
      for (const id of rare)
        await store.ledger.settle(failed({ id, createdAt: made.indexOf(id) + 1 }));

      const pages = await allPages(store, { limit: 2, status: 'failed' });

      expect(pages.flat()).toEqual(rare.toReversed());
    });
  });

  test('tasks are found together by their ids, and what is not there is absent', async () => {
    const store = await make();
    const [a, b] = await openedAt(store, 1, 2);

    const found = await store.history.findAll([a ?? '', draft().id, b ?? '']);

    expect(ids(found).toSorted()).toEqual([a, b].toSorted());
  });
}
