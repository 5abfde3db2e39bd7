import { describe, expect, test } from 'vitest';
import type {
  CallbackRecord,
  Pending,
  TaskRecord,
  TaskRef,
  TaskState,
} from '../../../../functions/domain/model/task.ts';
import type { Recovery } from '../../../../functions/domain/tasks/ensure-workflow.ts';
import type { DueCheck } from '../../../../functions/domain/tasks/ports.ts';
import { type CheckReason, reconcile } from '../../../../functions/domain/tasks/reconcile.ts';
import {
  memoryInputs,
  memoryStore,
  memoryWorkflow,
  settableClock,
} from '../../../support/fakes.ts';
import type { StoredTask } from '../../../support/money.ts';
import { completed, deleted, failed, pending, processing } from '../../../support/tasks.ts';

const now = 1_000_000;
const leaseMs = 120_000;
const upload = { kind: 'upload', contentType: 'image/png' } as const;
const callback = (state: CallbackRecord['state']) => ({
  callbackUrl: 'https://example.com/hook',
  callback: { state, attempts: 1 },
});

const breakdown = new Error('throttled');

/** A task with the id `broken` fails. */
function context(tasks: readonly StoredTask[], recovery: Recovery = 'restarted') {
  const store = memoryStore();
  for (const task of tasks) store.put(task);
  const clock = settableClock(now);
  const inputs = memoryInputs();
  const workflow = memoryWorkflow((token) => (token === 'broken' ? breakdown : undefined));
  const ensured: string[] = [];
  const entered: string[] = [];
  const deliveries: string[] = [];
  const deletions: string[] = [];
  const recovered: (readonly [CheckReason, string])[] = [];
  const failures: unknown[] = [];
  const unlessBroken = (id: string, visited: string[]): void => {
    if (id === 'broken') throw breakdown;
    visited.push(id);
  };
  const deps = {
    tasks: store.tasks,
    inputs,
    workflow,
    now: clock.now,
    ensureWorkflowRunning: async ({ id }: TaskState): Promise<Recovery> => {
      unlessBroken(id, ensured);
      return recovery;
    },
    deliverCallback: async (id: string) => unlessBroken(id, deliveries),
    deletePictures: async (id: string) => unlessBroken(id, deletions),
    enterQueue: async ({ id }: TaskState) => {
      unlessBroken(id, entered);
      return id.startsWith('served');
    },
    recovered: (reason: CheckReason, { id }: TaskRef) => void recovered.push([reason, id]),
    failed: (id: string, cause: unknown) => void failures.push([id, cause]),
  };
  return {
    clock,
    inputs,
    workflow,
    ensured,
    entered,
    deliveries,
    deletions,
    recovered,
    failures,
    deps,
    run: reconcile(deps),
    all: store.all,
    records: store.records,
  };
}

const nextCheckAt = (tasks: readonly TaskRecord[]) => tasks.map((task) => task.nextCheckAt);

describe('the reconciler', () => {
  test('ensures a running workflow for every task that has not ended, and sends the pending callbacks', async () => {
    const { run, ensured, deliveries, recovered } = context([
      pending({ id: 'unstarted', nextCheckAt: 4 }),
      pending({ id: 'uploads', nextCheckAt: 3, inputs: [upload] }),
      processing({ id: 'dead', nextCheckAt: 2, deadlineAt: now }),
      completed({ id: 'undelivered', nextCheckAt: 1, ...callback('retrying') }),
      pending({ id: 'young', nextCheckAt: now + 1 }),
      completed({ id: 'told', ...callback('delivered') }),
    ]);

    await run();

    expect(ensured.toSorted()).toEqual(['dead', 'unstarted', 'uploads']);
    expect(deliveries).toEqual(['undelivered']);
    expect(recovered.toSorted()).toEqual([
      ['undelivered', 'undelivered'],
      ['unstarted', 'unstarted'],
      ['unwatched', 'dead'],
      ['uploads-expired', 'uploads'],
    ]);
  });

  test('starts a task whose uploads are all in the bucket although an event about them was lost, and reports it', async () => {
    const { run, inputs, ensured, recovered } = context([
      pending({ id: 'lost', nextCheckAt: 1, inputs: [upload, upload], arrived: new Set([0]) }),
      pending({ id: 'one-is-missing', nextCheckAt: 2, inputs: [upload, upload] }),
    ]);
    inputs.upload('lost', 0, 1);
    inputs.upload('one-is-missing', 1);

    await run();

    expect(ensured.toSorted()).toEqual(['lost', 'one-is-missing']);
    expect(recovered.toSorted()).toEqual([
      ['upload-event-lost', 'lost'],
      ['uploads-expired', 'one-is-missing'],
    ]);
  });

  test('reports no lost event when the event has started the task in the meantime', async () => {
    const task = pending({ id: 'late', nextCheckAt: 1, inputs: [upload] });
    const { run, inputs, ensured, recovered } = context([task], 'alive');
    inputs.upload('late', 0);

    await run();

    expect([ensured, recovered]).toEqual([['late'], []]);
  });

  test('lists the bucket only for tasks that wait for uploads', async () => {
    const { deps } = context([
      pending({ id: 'by-url', nextCheckAt: 1 }),
      pending({ id: 'started', nextCheckAt: 2, inputs: [upload], startedAt: 1 }),
      pending({ id: 'waiting', nextCheckAt: 3, inputs: [upload] }),
    ]);
    const looked: string[] = [];
    const uploaded = async (id: string) => {
      looked.push(id);
      return new Set<number>();
    };

    await reconcile({ ...deps, inputs: { uploaded } })();

    expect(looked).toEqual(['waiting']);
  });

  test('leaves a running workflow alone, and checks again two minutes later', async () => {
    const { run, clock, ensured, recovered, workflow, all } = context(
      [processing({ nextCheckAt: now, deadlineAt: now + leaseMs, wakeToken: 'token' })],
      'alive',
    );

    await run();
    await run();
    expect(ensured).toHaveLength(1);
    expect(nextCheckAt(all())).toEqual([now + leaseMs]);

    clock.advance(leaseMs);
    await run();
    expect(ensured).toHaveLength(2);
    expect([recovered, workflow.woken]).toEqual([[], []]);
  });

  test.each([
    ['when it waits', 'token', ['token']],
    ['not when no state waits', undefined, []],
  ])(
    'wakes a running workflow past its deadline, so that it polls now: %s',
    async (_what, wakeToken, woken) => {
      const task = processing({ id: 'late', nextCheckAt: 1, deadlineAt: 1, wakeToken });
      const { run, workflow, recovered } = context([task], 'alive');

      await run();

      expect(workflow.woken).toEqual(woken);
      expect(recovered).toEqual([['past-deadline', 'late']]);
    },
  );

  test('gives a dead workflow past its deadline its next execution, which is not woken', async () => {
    const task = processing({ id: 'late', nextCheckAt: 1, deadlineAt: 1, wakeToken: 'token' });
    const { run, workflow, recovered } = context([task], 'restarted');

    await run();

    expect(workflow.woken).toEqual([]);
    expect(recovered).toEqual([['past-deadline', 'late']]);
  });

  test('finishes a deletion whose pictures may be left, and reports it', async () => {
    const { run, deletions, deliveries, recovered } = context([
      deleted({ id: 'half-deleted', nextCheckAt: 1 }),
    ]);

    await run();

    expect([deletions, deliveries]).toEqual([['half-deleted'], []]);
    expect(recovered).toEqual([['pictures-left', 'half-deleted']]);
  });

  test('deletes pictures that came after a deletion, and does not count that as a repair', async () => {
    const { run, deletions, recovered } = context([
      deleted({ id: 'deleted', nextCheckAt: 1, picturesDeletedAt: 1 }),
    ]);

    await run();

    expect([deletions, recovered]).toEqual([['deleted'], []]);
  });

  test('does nothing when nothing is due', async () => {
    const { run, ensured } = context([pending({ nextCheckAt: now + 1 })]);

    await run();

    expect(ensured).toEqual([]);
  });
});

describe('each task is checked on its own', () => {
  const fine = pending({ id: 'fine', nextCheckAt: 2 });

  test.each([
    ['recovered', pending({ id: 'broken', nextCheckAt: 1 })],
    ['woken', processing({ id: 'late', nextCheckAt: 1, deadlineAt: 1, wakeToken: 'broken' })],
    ['delivered', completed({ id: 'broken', nextCheckAt: 1, ...callback('pending') })],
    ['deleted', deleted({ id: 'broken', nextCheckAt: 1 })],
  ])('one that cannot be %s is reported, delays no other and is not lost', async (_, task) => {
    const { run, failures, ensured, recovered, records } = context([task, fine], 'alive');

    await run();

    expect(failures).toEqual([[task.id, breakdown]]);
    expect(ensured).toContain('fine');
    expect(recovered).toEqual([]);
    expect(nextCheckAt(records())).toEqual([now + leaseMs, now + leaseMs]);
  });

  test('one whose uploads cannot be listed is reported, and checked again two minutes later', async () => {
    const task = pending({ id: 'unlisted', nextCheckAt: 1, inputs: [upload] });
    const { deps, failures, ensured, all } = context([task, fine]);
    const uploaded = () => Promise.reject(breakdown);

    await reconcile({ ...deps, inputs: { uploaded } })();

    expect(failures).toEqual([['unlisted', breakdown]]);
    expect(ensured).toEqual(['fine']);
    expect(nextCheckAt(all())).toEqual([now + leaseMs, now + leaseMs]);
  });

  test('one whose check cannot even be leased is still due', async () => {
    const { deps, failures, recovered, all } = context([
      pending({ id: 'gone', nextCheckAt: 1 }),
      fine,
    ]);
    const { tasks } = deps;
    const leaseCheck = (due: DueCheck, next: number) =>
      due.id === 'gone' ? Promise.reject(breakdown) : tasks.leaseCheck(due, next);

    await reconcile({ ...deps, tasks: { ...tasks, leaseCheck } })();

    expect(failures).toEqual([['gone', breakdown]]);
    expect(recovered).toEqual([['unstarted', 'fine']]);
    expect(nextCheckAt(all())).toEqual([1, now + leaseMs]);
  });
});

describe('many due tasks', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, nth) => pending({ id: `task-${nth}`, nextCheckAt: nth }));

  test.each([99, 100, 101, 350])('each of %i tasks is checked once', async (count) => {
    const { run, ensured } = context(many(count));

    await run();

    expect(ensured).toEqual(many(count).map(({ id }) => id));
  });

  test('two reconcilers at the same time check every task once', async () => {
    const { run, ensured } = context(many(150));

    await Promise.all([run(), run()]);

    expect(ensured).toHaveLength(150);
    expect(new Set(ensured).size).toBe(150);
  });

  test('a reconciler that reads a stale index ends, and respects the leases', async () => {
    const { deps, ensured } = context(many(100));
    let queries = 0;
    const stale: readonly DueCheck[] = many(100).map(({ id, nextCheckAt: at = 0 }) => ({
      id,
      nextCheckAt: at,
    }));
    const due = async () => {
      queries += 1;
      return stale;
    };

    await reconcile({ ...deps, tasks: { ...deps.tasks, findDueChecks: due } })();

    expect(ensured).toHaveLength(100);
    expect(queries).toBe(50);
  });
});

describe('a task that waits for a slot', () => {
  const dayMs = 24 * 60 * 60 * 1000;
  const queue = { pools: ['fal'], since: now - dayMs + 1 };
  const waiting = (more: Partial<Pending>) =>
    pending({ startedAt: 1, nextCheckAt: now, wakeToken: 'token', queue, ...more });

  test('is put into its place again every hour, without a request to Step Functions', async () => {
    const { run, entered, ensured, recovered, all, workflow } = context([waiting({ id: 'waits' })]);

    await run();

    expect([entered, ensured, recovered, workflow.woken]).toEqual([['waits'], [], [], []]);
    expect(all()).toMatchObject([{ queue, nextCheckAt: now + 60 * 60 * 1000 }]);
  });

  test('is woken when it does not have to wait', async () => {
    const { run, workflow } = context([
      waiting({ id: 'served' }),
      waiting({ id: 'served-in-vain', wakeToken: undefined }),
    ]);

    await run();

    expect(workflow.woken).toEqual(['token']);
  });

  test('and did not take up a slot gets a running workflow, and its place again', async () => {
    const missed = { ...queue, missedAt: now };
    const dead = context([waiting({ id: 'missed', queue: missed })]);
    const alive = context([waiting({ id: 'missed', queue: missed })], 'alive');

    await dead.run();
    await alive.run();

    expect([dead.ensured, dead.entered]).toEqual([['missed'], []]);
    expect(dead.recovered).toEqual([['unwatched', 'missed']]);
    expect([alive.ensured, alive.entered, alive.recovered]).toEqual([['missed'], ['missed'], []]);
    expect(alive.all()).toMatchObject([{ queue, nextCheckAt: now + 60 * 60 * 1000 }]);
    expect(alive.all()[0]).not.toHaveProperty('queue.missedAt');
  });

  test('for a day is woken, so that it fails', async () => {
    const { run, entered, workflow, recovered } = context(
      [waiting({ id: 'old', queue: { ...queue, since: now - dayMs } })],
      'alive',
    );

    await run();

    expect([workflow.woken, entered, recovered]).toEqual([['token'], [], []]);
  });

  test('and is cancelled has a running workflow, which ends it', async () => {
    const { run, ensured, entered } = context([waiting({ id: 'cancelled', cancelledAt: 3 })]);

    await run();

    expect([ensured, entered]).toEqual([['cancelled'], []]);
  });
});

describe('a task that changed after the index was read', () => {
  test.each<[string, StoredTask]>([
    ['it was checked', pending({ id: 'due', nextCheckAt: now + 5 })],
    ['no check is due any more', failed({ id: 'due' })],
    ['its pictures were deleted', deleted({ id: 'due', nextCheckAt: now + 5 })],
    [
      'its callback was delivered',
      completed({ id: 'due', nextCheckAt: 1, ...callback('delivered') }),
    ],
  ])('%s: nothing is done', async (_what, task) => {
    const { deps, ensured, deliveries, deletions, recovered } = context([task]);
    const due = async () => [{ id: 'due', nextCheckAt: 1 }];

    await reconcile({ ...deps, tasks: { ...deps.tasks, findDueChecks: due } })();

    expect([ensured, deliveries, deletions, recovered]).toEqual([[], [], [], []]);
  });

  test('it was started: the reconciler does the check that is due now', async () => {
    const { deps, recovered } = context([pending({ id: 'due', nextCheckAt: 1, startedAt: 5 })]);

    await reconcile(deps)();

    expect(recovered).toEqual([['unwatched', 'due']]);
  });
});

test('a reconciler that cannot read what is due fails as a whole', async () => {
  const { deps } = context([]);
  const due = () => Promise.reject(new Error('throttled'));

  await expect(
    reconcile({ ...deps, tasks: { ...deps.tasks, findDueChecks: due } })(),
  ).rejects.toThrow('throttled');
});
