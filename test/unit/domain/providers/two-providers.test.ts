import { describe, expect, test } from 'vitest';
import type { Pending } from '../../../../functions/domain/model/task.ts';
import { submitTask } from '../../../../functions/domain/tasks/submit-task.ts';
import { memoryQueue } from '../../../support/memory-queue.ts';
import { memoryTasks } from '../../../support/memory-tasks.ts';
import { memorySlots } from '../../../support/slots.ts';
import { sampleTime as now, pending, sampleId } from '../../../support/tasks.ts';
import { operatorRejected, context as submitContext } from '../tasks/submit-context.ts';

// One queue for each set of providers that may have a job: the first free slot of any of them serves.

const both = ['evolink', 'fal'];
const idOf = (number: number): string =>
  `task-unified-1790000000-${String(number).padStart(8, 'a')}`;

/** Two providers that take one job each. */
function context() {
  const rows = memoryQueue();
  const records = new Map<string, Pending>();
  const woken: string[] = [];
  const slots = memorySlots({
    capacities: { evolink: { running: 1 }, fal: { running: 1 } },
    queue: rows,
    now: () => now,
    wake: async (token) => void woken.push(token),
    tasks: {
      ...memoryTasks({ tasks: new Map(), attempts: new Map() }),
      findRecord: async (id) => records.get(id),
    },
  });
  return {
    rows,
    woken,
    slots,
    fill: async () => {
      await slots.take(pending({ id: idOf(90) }), ['evolink']);
      await slots.take(pending({ id: idOf(91) }), ['fal']);
    },
    /** The holder of a slot has its outcome. */
    end: (provider: 'evolink' | 'fal') =>
      slots.free(idOf(provider === 'evolink' ? 90 : 91), `${provider}#0`),
    enter: async (number: number, { pools = both, account = 'one' } = {}) => {
      const id = idOf(number);
      const queue = { pools, since: now + number };
      const task = pending({ id, account, wakeToken: id, queue });
      records.set(id, task);
      await slots.enter(task);
      return task;
    },
  };
}

test.each(['evolink', 'fal'] as const)(
  'a task that waits for two providers gets the slot of the one that is free first: %s',
  async (provider) => {
    const { rows, slots, fill, enter, end, woken } = context();
    await fill();
    const first = await enter(1);
    await enter(2);

    await end(provider);

    expect(woken).toEqual([first.id]);
    const taken = await slots.take(first, ['evolink', 'fal']);
    expect(taken).toMatchObject({ provider, slot: `${provider}#0` });
    await slots.submitted({ ...first, slot: `${provider}#0` });
    expect(rows.dump().waiting.map(({ taskId }) => taskId)).toEqual([idOf(2)]);
  },
);

test('a newcomer takes a free slot of the second provider when the first is full, and no slot of either before those who wait', async () => {
  const { slots, fill, enter, end, woken } = context();
  await slots.take(pending({ id: idOf(90) }), ['evolink']);
  const second = await slots.take(pending({ id: idOf(91) }), ['evolink', 'fal']);
  expect(second).toMatchObject({ provider: 'fal', slot: 'fal#0' });
  await fill(); // nothing more: they have their slots

  const waiting = await enter(1);
  await end('fal');

  expect(woken).toEqual([waiting.id]);
  await end('evolink');
  const newcomer = pending({ id: idOf(2) });
  // Until the task that was handed a slot has submitted, somebody may still wait for both providers.
  expect(await slots.take(newcomer, ['evolink', 'fal'])).toBeUndefined();
  await slots.submitted({ ...waiting, slot: 'fal#0' });
  await slots.free(waiting.id, 'fal#0');
  await slots.grantBeside(waiting);
  expect(await slots.take(newcomer, ['evolink', 'fal'])).toMatchObject({ provider: 'evolink' });
});

test('two tasks that wait for two providers are never handed the same slot, and none two', async () => {
  const { rows, fill, enter, end } = context();
  await fill();
  await enter(1);
  await enter(2);
  await Promise.all([end('evolink'), end('fal'), end('fal'), end('evolink')]);
  const taken = rows.dump().slots.flatMap(({ row }) => [...row.leases.keys()]);
  expect(taken.toSorted()).toEqual([idOf(1), idOf(2)]);
});

test('a flow that begins to wait for two providers takes turns with those who wait for the one that has served more, and goes before none of them', async () => {
  const { slots, fill, enter, end, woken } = context();
  await fill(); // one job at the second provider all the time
  const tasks = new Map<string, Pending>();
  const add = async (number: number, account: string) => {
    const task = await enter(number, { account });
    tasks.set(task.id, task);
  };
  for (let number = 1; number <= 20; number += 1) await add(number, 'busy');
  await end('evolink');
  const serveOne = async (): Promise<string> => {
    const task = tasks.get(woken.at(-1) ?? '');
    if (!task) throw new Error('nobody was woken');
    await slots.submitted({ ...task, slot: 'evolink#0' });
    await slots.free(task.id, 'evolink#0');
    return task.account;
  };
  for (let turn = 0; turn < 10; turn += 1) await serveOne();

  for (let number = 21; number <= 30; number += 1) await add(number, 'newcomer');

  const served: string[] = [];
  for (let turn = 0; turn < 9; turn += 1) served.push(await serveOne());
  // The one that has its slot already, and then turns.
  expect(served[0]).toBe('busy');
  expect(served.slice(1).filter((account) => account === 'newcomer')).toHaveLength(4);
});

test('a task whose provider rejects the operator is not handed the slot again that it gives back', async () => {
  const { rows, slots, enter, end, fill, woken } = context();
  await fill();
  const rejected = await enter(1, { pools: ['evolink'] });
  const next = await enter(2, { pools: ['evolink'] });
  await end('evolink');
  const { deps } = submitContext(
    rejected,
    { evolink: [operatorRejected()] },
    { slots, availableProviders: async () => ['evolink'] },
  );

  await expect(submitTask(deps)(rejected.id)).rejects.toMatchObject({ name: 'TaskFailed' });

  expect(woken).toEqual([rejected.id, next.id]);
  expect(rows.dump().waiting.map(({ taskId }) => taskId)).toEqual([next.id]);
});

describe('a task whose first provider has lost its key', () => {
  test('waits for the other one, at its old place, and leaves no row in the queue of both', async () => {
    const rows = memoryQueue();
    const slots = memorySlots({
      capacities: { evolink: { running: 1 }, fal: { running: 1 } },
      queue: rows,
      now: () => now,
    });
    await slots.take(pending({ id: idOf(90) }), ['evolink']);
    await slots.take(pending({ id: idOf(91) }), ['fal']);
    const waiting = pending({ queue: { pools: both, since: now - 1000 } });
    await slots.enter(waiting);
    const { submit, find, submittedTo } = submitContext(
      waiting,
      {},
      { slots, availableProviders: async () => ['fal'] },
    );
    expect(rows.dump().waiting).toMatchObject([{ queue: 'evolink+fal', taskId: sampleId }]);

    await expect(submit()).rejects.toMatchObject({ name: 'NoFreeSlot' });

    const queued = await find();
    expect(queued).toMatchObject({ queue: { pools: ['fal'], since: now - 1000 } });
    expect(rows.dump().waiting).toEqual([]);
    if (queued?.status !== 'pending') throw new Error('it does not wait');
    expect(await slots.enter(queued)).toBe(false);
    expect(rows.dump().waiting).toMatchObject([{ queue: 'fal', taskId: sampleId }]);
    expect(submittedTo()).toEqual([]);
  });
});

test('accounts take turns for the slot of a provider, although they wait in different queues for it', async () => {
  const { slots, fill, enter, end, woken } = context();
  await fill();
  const tasks = new Map<string, Pending>();
  const add = async (number: number, account: string, pools: string[]) => {
    const task = await enter(number, { account, pools });
    tasks.set(task.id, task);
  };
  for (let number = 1; number <= 6; number += 1) await add(number, 'busy', ['fal']);
  for (let number = 7; number <= 9; number += 1) await add(number, 'other', both);

  await end('fal');
  const served: string[] = [];
  for (let turn = 0; turn < 9; turn += 1) {
    const task = tasks.get(woken.at(-1) ?? '');
    if (!task) throw new Error('nobody was woken');
    served.push(task.account);
    await slots.submitted({ ...task, slot: 'fal#0' });
    await slots.free(task.id, 'fal#0');
  }

  const turns = served.slice(0, 6);
  expect(turns.filter((account) => account === 'other')).toHaveLength(3);
  expect(turns.slice(0, 2).toSorted()).toEqual(['busy', 'other']);
  expect(served.slice(6)).toEqual(['busy', 'busy', 'busy']);
});
