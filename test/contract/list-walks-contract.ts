import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CursorKey } from '../../functions/domain/model/ids.ts';
import { comparePositions } from '../support/history.ts';
import { completed, deleted, failed } from '../support/tasks.ts';
import { isThorough } from '../support/thorough.ts';
import { pagesOf } from './pages.ts';
import {
  account,
  draft,
  grant,
  listPage,
  type MakeStore,
  reserve,
  type Store,
  settle,
} from './stores.ts';

const maxTasks = 24;

/** A position in one of few milliseconds, with an id that may lie in any partition: the last two characters decide. */
const position = fc.record({
  createdAt: fc.integer({ min: 7, max: 9 }),
  id: fc
    .integer({ min: 0, max: 36 ** 4 })
    .map((n) => `task-unified-1-${n.toString(36).padStart(8, '0')}`),
});

/** What happens between two pages to the task at this place in `positions`. */
const change = fc.record({
  kind: fc.constantFrom('create', 'complete', 'fail', 'delete'),
  at: fc.nat({ max: maxTasks - 1 }),
});

const walk = fc.record({
  positions: fc.uniqueArray(position, {
    selector: ({ id }) => id,
    minLength: 1,
    maxLength: maxTasks,
    size: 'max',
  }),
  /** How many of the tasks exist from the beginning. */
  first: fc.nat({ max: maxTasks }),
  limit: fc.integer({ min: 1, max: 20 }),
  status: fc.constantFrom(undefined, 'pending' as const),
  /** What happens after each page. */
  changes: fc.array(fc.array(change, { maxLength: 3 }), { maxLength: maxTasks }),
});
type Walk = typeof walk extends fc.Arbitrary<infer T> ? T : never;
type Change = Walk['changes'][number][number];

/** What every store guarantees to a reader who walks through an account's list while its tasks change. */
export function listWalksContract(make: MakeStore): void {
  test('whatever is created, ends or is deleted between the pages, a task that fits all the time is listed once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(walk, async (one) => {
        const { pages, allTheTime, ever } = await walkThrough(await make(), one);

        const listed = pages.flat();
        const ids = listed.map(({ id }) => id);
        expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(one.limit);
        expect(listed).toEqual(listed.toSorted(comparePositions));
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids).toEqual(expect.arrayContaining(allTheTime));
        expect(ever).toEqual(expect.arrayContaining(ids));
      }),
      { numRuns: isThorough ? 15 : 5 },
    );
  });
}

async function walkThrough(store: Store, { positions, first, limit, status, changes }: Walk) {
  const tasks = changingTasks(store, positions);
  await grant(store, account, positions.length * draft().reserved);
  for (let at = 0; at < first; at += 1) await tasks.make({ kind: 'create', at });
  const before = tasks.withStatus(status);
  const left = [...changes];
  const pages = await pagesOf(async (after: CursorKey | undefined) => {
    const page = await listPage(store, { limit, status, after });
    for (const one of left.shift() ?? []) await tasks.make(one);
    return { items: page.tasks.map(({ id, createdAt }) => ({ id, createdAt })), next: page.next };
  });
  const now = new Set(tasks.withStatus(status));
  // No task gets a status back, nor comes back when it was deleted.
  return { pages, allTheTime: before.filter((id) => now.has(id)), ever: tasks.ever() };
}

/** Tasks at these positions, as far as they were created. A change that a task cannot have any more does nothing. */
function changingTasks(store: Store, positions: readonly CursorKey[]) {
  const states = new Map<string, 'pending' | 'ended' | 'deleted'>();

  const create = async (one: CursorKey) => {
    expect(await reserve(store, draft(one))).toEqual({ state: 'reserved' });
    states.set(one.id, 'pending');
  };

  const end = async (one: CursorKey, kind: Change['kind']) => {
    await settle(store, kind === 'fail' ? failed(one) : completed(one));
    states.set(one.id, 'ended');
  };

  const remove = async (one: CursorKey) => {
    await store.tasks.recordDeletion(deleted(one));
    states.set(one.id, 'deleted');
  };

  const changeOne = async (one: CursorKey, kind: Change['kind']) => {
    const state = states.get(one.id);
    if (kind === 'create' && state === undefined) await create(one);
    if (kind !== 'create' && state === 'pending') await end(one, kind);
    if (kind === 'delete' && states.get(one.id) === 'ended') await remove(one);
  };

  return {
    make: async ({ kind, at }: Change) => {
      const one = positions[at];
      if (one) await changeOne(one, kind);
    },
    withStatus: (status: 'pending' | undefined) =>
      [...states].flatMap(([id, state]) =>
        (status ? state === status : state !== 'deleted') ? [id] : [],
      ),
    ever: () => [...states.keys()],
  };
}
