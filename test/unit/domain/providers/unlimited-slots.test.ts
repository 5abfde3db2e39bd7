import { describe, expect, test } from 'vitest';
import { defaultModel } from '../../../../functions/domain/model/catalogue.ts';
import type { Pending } from '../../../../functions/domain/model/task.ts';
import type { QueueStore } from '../../../../functions/domain/providers/queue-store.ts';
import { awaitSlot } from '../../../../functions/domain/tasks/begin-wait.ts';
import { settableClock } from '../../../support/fakes.ts';
import { memoryQueue } from '../../../support/memory-queue.ts';
import { memoryTasks } from '../../../support/memory-tasks.ts';
import { memorySlots } from '../../../support/slots.ts';
import { pending, sampleTime } from '../../../support/tasks.ts';

// A provider without limits may be busy all the same. The tasks that then wait are served before newcomers.

const evolink = { pool: 'evolink', index: 0 };
const idOf = (number: number): string =>
  `task-unified-1790000000-${String(number).padStart(8, 'a')}`;
const newcomer = (number: number, more: Partial<Pending> = {}): Pending =>
  pending({ id: idOf(number), ...more });
const waitingTask = (number: number): Pending =>
  newcomer(number, {
    wakeToken: idOf(number),
    queue: { pools: ['evolink'], since: sampleTime + number },
  });

/** A queue that records the names of the methods that are called. */
function counted(queue: QueueStore) {
  const calls: string[] = [];
  const counting = new Proxy(queue, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: readonly unknown[]): unknown => {
        calls.push(String(name));
        return member.apply(target, given);
      };
    },
  });
  return { calls, queue: counting };
}

function context({ capacities = {} }: Pick<Parameters<typeof memorySlots>[0] & {}, 'capacities'>) {
  const clock = settableClock(sampleTime);
  const rows = memoryQueue();
  const { calls, queue } = counted(rows);
  const records = new Map<string, Pending>();
  const woken: string[] = [];
  const slots = memorySlots({
    capacities,
    queue,
    now: clock.now,
    wake: async (token) => void woken.push(token),
    tasks: {
      ...memoryTasks({ tasks: new Map(), attempts: new Map() }),
      findRecord: async (id) => records.get(id),
    },
  });
  const enter = async (number: number): Promise<Pending> => {
    const task = waitingTask(number);
    records.set(task.id, task);
    await slots.enter(task);
    return task;
  };
  return { clock, rows, calls, woken, slots, enter };
}

describe('a provider without limits that nobody waits for', () => {
  test('costs no write, and a read a second for all of its tasks', async () => {
    const { clock, calls, slots } = context({});
    for (let number = 0; number < 10; number += 1) {
      const taken = await slots.take(newcomer(number), ['evolink']);
      expect(taken).toEqual({ provider: 'evolink', startAt: clock.now() });
      const task = newcomer(number, { provider: 'evolink' });
      await slots.submitted(task);
      await slots.release(task);
    }
    expect(calls).toEqual(['readSlots']);
    clock.advance(1000);
    await slots.take(newcomer(11), ['evolink']);
    expect(calls).toEqual(['readSlots', 'readSlots']);
  });
});

describe('a provider without limits that was busy', () => {
  test('has no newcomers before the pause is over', async () => {
    const { clock, slots } = context({});
    await slots.pause('evolink', defaultModel.id, 60);
    await slots.pause('evolink', defaultModel.id); // a shorter one
    clock.advance(59_999);
    expect(await slots.take(newcomer(1), ['evolink'])).toBeUndefined();
    clock.advance(1000);
    expect(await slots.take(newcomer(1), ['evolink'])).toMatchObject({ provider: 'evolink' });
  });

  test('gives newcomers to the next provider', async () => {
    const { slots } = context({ capacities: { fal: { running: 1 } } });
    await slots.pause('evolink', defaultModel.id);
    expect(await slots.take(newcomer(1), ['evolink', 'fal'])).toMatchObject({
      provider: 'fal',
      slot: 'fal#0',
    });
  });

  test('is tried once more by the task that found it busy, and by no other', async () => {
    const { slots } = context({});
    await slots.pause('evolink', defaultModel.id);
    const found = { busyCount: 1, provider: 'evolink' } as const;
    expect(await slots.take(newcomer(1, found), ['evolink'])).toMatchObject({
      provider: 'evolink',
    });
    const elsewhere = { busyCount: 1, provider: 'fal' } as const;
    expect(await slots.take(newcomer(2, elsewhere), ['evolink'])).toBeUndefined();
  });
});

describe('the first task that waits for a provider which has no job of ours', () => {
  /** Begins the wait of the task; `during` is called after each wait for a pause. */
  async function awaitSlotOf(
    { slots, clock, enter }: ReturnType<typeof context>,
    during: () => Promise<void>,
    busyCount = 1,
  ): Promise<readonly number[]> {
    const task = { ...waitingTask(1), busyCount };
    const pauses: number[] = [];
    await awaitSlot({
      tasks: {
        saveTaskToken: async () => {
          await enter(1);
          return task;
        },
      },
      slots,
      workflow: { finish: async () => undefined },
      pause: async (milliseconds) => {
        pauses.push(milliseconds);
        clock.advance(milliseconds);
        await during();
      },
    })(task.id, task.id);
    return pauses;
  }

  test('waits for the end of a pause that becomes longer in the meantime, and is handed a slot', async () => {
    const running = context({});
    const { slots, woken } = running;
    await slots.pause('evolink', defaultModel.id, 5);
    let busyTimes = 0;

    const pauses = await awaitSlotOf(running, async () => {
      busyTimes += 1;
      if (busyTimes === 1) await slots.pause('evolink', defaultModel.id, 5);
    });

    expect(pauses).toEqual([5000, 5000]);
    expect(woken).toEqual([idOf(1)]);
  });

  test('leaves a pause of more than ten seconds altogether to the reconciler', async () => {
    const running = context({});
    const { slots, woken } = running;
    await slots.pause('evolink', defaultModel.id, 6);

    const pauses = await awaitSlotOf(running, () => slots.pause('evolink', defaultModel.id, 5));

    expect(pauses).toEqual([6000]);
    expect(woken).toEqual([]);
  });

  test('is left to the reconciler when providers have been too busy for it eight times', async () => {
    const running = context({});
    const { slots } = running;
    await slots.pause('evolink', defaultModel.id, 5);

    expect(await awaitSlotOf(running, async () => undefined, 8)).toEqual([5000]);
    await slots.pause('evolink', defaultModel.id, 5);
    expect(await awaitSlotOf(running, async () => undefined, 9)).toEqual([]);
  });
});

describe('a provider without limits that somebody waits for', () => {
  test('serves those who wait before newcomers, one with each submit, and then newcomers again', async () => {
    const { clock, rows, slots, enter, woken } = context({});
    await slots.pause('evolink', defaultModel.id);
    const waiting = [await enter(1), await enter(2), await enter(3), await enter(4)];
    clock.advance(5000);
    expect(await slots.take(newcomer(9), ['evolink'])).toBeUndefined();
    const [first] = waiting;
    if (!first) throw new Error('nobody waits');

    await slots.grantBeside(first);
    expect(woken).toEqual([idOf(1), idOf(2)]);
    for (const task of waiting) {
      expect(await slots.take(task, ['evolink'])).toMatchObject({ slot: 'evolink#0' });
      await slots.submitted({ ...task, slot: 'evolink#0' });
    }

    expect((await rows.readSlots(evolink)).leases.size).toBe(0);
    clock.advance(1000);
    expect(await slots.take(newcomer(9), ['evolink'])).toMatchObject({ provider: 'evolink' });
  });

  test('hands a slot again, at once, to the task whose job it was too busy for', async () => {
    const { clock, slots, enter, woken } = context({});
    await slots.pause('evolink', defaultModel.id);
    const first = await enter(1);
    await enter(2);
    clock.advance(5000);
    await slots.grantBeside(first);
    await slots.pause('evolink', defaultModel.id);
    await slots.giveBack(first, 'evolink#0');
    await slots.enter(first);
    clock.advance(5000);

    await slots.grantBeside(first);

    expect(woken).toEqual([idOf(1), idOf(2), idOf(1)]);
  });
});
