import { describe, expect, test } from 'vitest';
import type { Rescue } from '../../../functions/task/bring-on.ts';
import type { Due } from '../../../functions/task/ports.ts';
import { type Reason, sweep } from '../../../functions/task/sweep.ts';
import type { CallbackRecord, Task } from '../../../functions/task/task.ts';
import { memoryStore, memoryWorkflow, settableClock } from '../../support/fakes.ts';
import { completed, failed, pending, processing } from '../../support/tasks.ts';

const now = 1_000_000;
const lookAgainMs = 120_000;
const upload = { kind: 'upload', contentType: 'image/png' } as const;
const told = (state: CallbackRecord['state']) => ({
  ...{ callbackUrl: 'https://example.com/hook', callback: { state, attempts: 1 } },
});

const breakdown = new Error('throttled');

/** Whatever is called broken breaks down. */
function world(tasks: readonly Task[], rescue: Rescue = 'restarted') {
  const store = memoryStore();
  for (const task of tasks) store.put(task);
  const clock = settableClock(now);
  const workflow = memoryWorkflow((token) => (token === 'broken' ? breakdown : undefined));
  const broughtOn: string[] = [];
  const callers: string[] = [];
  const rescued: (readonly [Reason, string])[] = [];
  const failures: unknown[] = [];
  const unlessBroken = (id: string, seen: string[]): void => {
    if (id === 'broken') throw breakdown;
    seen.push(id);
  };
  const needs = {
    ...{ tasks: store.tasks, workflow, now: clock.now },
    bringOn: async ({ id }: Task): Promise<Rescue> => {
      unlessBroken(id, broughtOn);
      return rescue;
    },
    tell: async (id: string) => unlessBroken(id, callers),
    rescued: (reason: Reason, id: string) => void rescued.push([reason, id]),
    failed: (id: string, cause: unknown) => void failures.push([id, cause]),
  };
  return {
    ...{ clock, workflow, broughtOn, callers, rescued, failures },
    ...{ needs, run: sweep(needs), all: store.all },
  };
}

const dueAt = (tasks: readonly Task[]) => tasks.map((task) => task.dueAt);

describe('the sweep', () => {
  test('brings on what is not over, and has told who is owed an answer', async () => {
    const { run, broughtOn, callers, rescued } = world([
      pending({ id: 'unstarted', dueAt: 4 }),
      pending({ id: 'uploads', dueAt: 3, inputs: [upload] }),
      processing({ id: 'dead', dueAt: 2, deadlineAt: now }),
      completed({ id: 'untold', dueAt: 1, ...told('failing') }),
      pending({ id: 'young', dueAt: now + 1 }),
      completed({ id: 'told', ...told('delivered') }),
    ]);

    await run();

    expect(broughtOn).toEqual(['dead', 'uploads', 'unstarted']);
    expect(callers).toEqual(['untold']);
    expect(rescued.toSorted()).toEqual([
      ['unstarted', 'unstarted'],
      ['untold', 'untold'],
      ['unwatched', 'dead'],
      ['uploads-over', 'uploads'],
    ]);
  });

  test('leaves alone what lives, and looks again two minutes later', async () => {
    const { run, clock, broughtOn, rescued, workflow, all } = world(
      [processing({ dueAt: now, deadlineAt: now + lookAgainMs, wakeToken: 'token' })],
      'alive',
    );

    await run();
    await run();
    expect(broughtOn).toHaveLength(1);
    expect(dueAt(all())).toEqual([now + lookAgainMs]);

    clock.advance(lookAgainMs);
    await run();
    expect(broughtOn).toHaveLength(2);
    expect([rescued, workflow.woken]).toEqual([[], []]);
  });

  test.each([
    ['wakes it when it waits', 'token', ['token']],
    ['has nobody to wake when it does not', undefined, []],
  ])('what lives past its deadline asks the provider now: %s', async (_what, wakeToken, woken) => {
    const task = processing({ id: 'late', dueAt: 1, deadlineAt: 1, wakeToken });
    const { run, workflow, rescued } = world([task], 'alive');

    await run();

    expect(workflow.woken).toEqual(woken);
    expect(rescued).toEqual([['past-deadline', 'late']]);
  });

  test('what died past its deadline gets its next execution, which is not woken', async () => {
    const task = processing({ id: 'late', dueAt: 1, deadlineAt: 1, wakeToken: 'token' });
    const { run, workflow, rescued } = world([task], 'restarted');

    await run();

    expect(workflow.woken).toEqual([]);
    expect(rescued).toEqual([['past-deadline', 'late']]);
  });

  test('does nothing when nothing is due', async () => {
    const { run, broughtOn } = world([pending({ dueAt: now + 1 })]);

    await run();

    expect(broughtOn).toEqual([]);
  });
});

describe('each task is looked at on its own', () => {
  const fine = pending({ id: 'fine', dueAt: 2 });

  test.each([
    ['brought on', pending({ id: 'broken', dueAt: 1 })],
    ['woken', processing({ id: 'late', dueAt: 1, deadlineAt: 1, wakeToken: 'broken' })],
    ['told of', completed({ id: 'broken', dueAt: 1, ...told('owed') })],
  ])('one that cannot be %s is reported, keeps nobody waiting and is not lost', async (_, task) => {
    const { run, failures, broughtOn, rescued, all } = world([task, fine], 'alive');

    await run();

    expect(failures).toEqual([[task.id, breakdown]]);
    expect(broughtOn).toContain('fine');
    expect(rescued).toEqual([]);
    expect(dueAt(all())).toEqual([now + lookAgainMs, now + lookAgainMs]);
  });

  test('one that cannot even be looked at is due still', async () => {
    const { needs, failures, rescued, all } = world([pending({ id: 'gone', dueAt: 1 }), fine]);
    const { tasks } = needs;
    const look = (due: Due, next: number) =>
      due.id === 'gone' ? Promise.reject(breakdown) : tasks.look(due, next);

    await sweep({ ...needs, tasks: { ...tasks, look } })();

    expect(failures).toEqual([['gone', breakdown]]);
    expect(rescued).toEqual([['unstarted', 'fine']]);
    expect(dueAt(all())).toEqual([1, now + lookAgainMs]);
  });
});

describe('however many there are', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, nth) => pending({ id: `task-${nth}`, dueAt: nth }));

  test.each([99, 100, 101, 350])('all of %i are looked at, once each', async (count) => {
    const { run, broughtOn } = world(many(count));

    await run();

    expect(broughtOn).toEqual(many(count).map(({ id }) => id));
  });

  test('two sweeps at once do nothing twice', async () => {
    const { run, broughtOn } = world(many(150));

    await Promise.all([run(), run()]);

    expect(broughtOn).toHaveLength(150);
    expect(new Set(broughtOn).size).toBe(150);
  });

  test('an index that lags behind keeps neither the sweep going nor a task from being left alone', async () => {
    const { needs, broughtOn } = world(many(100));
    let asked = 0;
    const stale: readonly Due[] = many(100).map(({ id, dueAt: at = 0 }) => ({ id, dueAt: at }));
    const due = async () => {
      asked += 1;
      return stale;
    };

    await sweep({ ...needs, tasks: { ...needs.tasks, due } })();

    expect(broughtOn).toHaveLength(100);
    expect(asked).toBe(20);
  });
});

describe('what happened since the index was read', () => {
  test.each<[string, Task]>([
    ['it was looked at', pending({ id: 'due', dueAt: now + 5 })],
    ['nobody has to look any more', failed({ id: 'due' })],
    ['its caller was told', completed({ id: 'due', dueAt: 1, ...told('delivered') })],
  ])('%s: nothing is done', async (_what, task) => {
    const { needs, broughtOn, callers, rescued } = world([task]);
    const due = async () => [{ id: 'due', dueAt: 1 }];

    await sweep({ ...needs, tasks: { ...needs.tasks, due } })();

    expect([broughtOn, callers, rescued]).toEqual([[], [], []]);
  });

  test('it was started: what is due now is done', async () => {
    const { needs, rescued } = world([pending({ id: 'due', dueAt: 1, startedAt: 5 })]);

    await sweep(needs)();

    expect(rescued).toEqual([['unwatched', 'due']]);
  });
});

test('a sweep that cannot ask what is due fails as a whole', async () => {
  const { needs } = world([]);
  const due = () => Promise.reject(new Error('throttled'));

  await expect(sweep({ ...needs, tasks: { ...needs.tasks, due } })()).rejects.toThrow('throttled');
});
