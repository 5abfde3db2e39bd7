import { describe, expect, test } from 'vitest';
import type { Capacity } from '../../../../functions/domain/model/capacity.ts';
import { defaultModel } from '../../../../functions/domain/model/catalogue.ts';
import type { Lane, Pending } from '../../../../functions/domain/model/task.ts';
import { grantSlots } from '../../../../functions/domain/providers/grant-slots.ts';
import { poolOf } from '../../../../functions/domain/providers/pools.ts';
import type { Lease, QueueStore } from '../../../../functions/domain/providers/queue-store.ts';
import { reconcileSlots } from '../../../../functions/domain/providers/reconcile-slots.ts';
import { providerSlots, type SlotDeps } from '../../../../functions/domain/providers/slots.ts';
import { memoryQueue } from '../../../support/memory-queue.ts';
import { memoryTasks } from '../../../support/memory-tasks.ts';
import { sampleTime as now, pending } from '../../../support/tasks.ts';

// Races in the queue. Every test lets a rival act once between two steps, and says what must be true afterwards without
// any other help: no slot stays free beside a task that waits.

const idOf = (number: number | string): string =>
  `task-unified-1790000000-${String(number).padStart(8, 'a')}`;

/** A pool with this capacity, for which nobody waits. */
function openPool(capacity: Capacity) {
  const pool = poolOf('dashscope', defaultModel.id, { capacity, countedBy: 'model' });
  const [segment, ...otherSegments] = pool.segments;
  if (!segment) throw new Error('a pool has a segment');
  const rows = memoryQueue();
  const records = new Map<string, Pending>();
  const tasks = memoryTasks({ tasks: new Map(), attempts: new Map() });
  const woken: string[] = [];
  let ids = 0;
  const depsWith = (queue: QueueStore, capacityNow = pool): SlotDeps => ({
    queue,
    tasks: { ...tasks, findRecord: async (id) => records.get(id) },
    wake: async (token) => void woken.push(token),
    now: () => now,
    uniqueId: () => `id-${++ids}`,
    grantExpired: () => undefined,
    poolOf: () => capacityNow,
    pools: [capacityNow],
  });
  const waitingTask = (number: number, account = 'one', lane?: Lane): Pending => {
    const task = pending({
      id: idOf(number),
      account,
      ...(lane && { lane }),
      wakeToken: idOf(number),
      queue: { pools: [pool.name], since: now + number },
    });
    records.set(task.id, task);
    return task;
  };
  const lease: Lease = { until: now + 1_200_000, since: now, held: true, startAt: now };
  return {
    pool,
    segment,
    otherSegments,
    rows,
    records,
    woken,
    depsWith,
    slots: providerSlots(depsWith(rows)),
    /** Gives so many slots of a segment to others. */
    fill: async (index = 0, count = pool.segments[index]?.slots ?? 0) => {
      for (let number = 0; number < count; number += 1) {
        const key = { pool: pool.name, index };
        await rows.takeSlot(key, idOf(`x${index}x${number}`), lease, { slots: count, now });
      }
    },
    holder: (number = 0, index = 0) => idOf(`x${index}x${number}`),
    waitingTask,
    enter: async (number: number, account?: string, lane?: Lane) => {
      const task = waitingTask(number, account, lane);
      await providerSlots(depsWith(rows)).enter(task);
      return task;
    },
    withSlot: async (index = 0) => [
      ...(await rows.readSlots({ pool: pool.name, index })).leases.keys(),
    ],
  };
}

type Rival = () => Promise<unknown>;
const nothing: Rival = async () => undefined;

/** The queue, in which a rival acts before the first call of a method. */
const rivalBefore = (queue: QueueStore, method: keyof QueueStore, before: Rival): QueueStore =>
  withRival(queue, method, { before, after: nothing });

/** The queue, in which a rival acts after the first call of a method. */
const rivalAfter = (queue: QueueStore, method: keyof QueueStore, after: Rival): QueueStore =>
  withRival(queue, method, { before: nothing, after });

function withRival(
  queue: QueueStore,
  method: keyof QueueStore,
  { before, after }: { readonly before: Rival; readonly after: Rival },
): QueueStore {
  let hasActed = false;
  return new Proxy(queue, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (name !== method || typeof member !== 'function') return member;
      return async (...given: readonly unknown[]) => {
        const isFirst = !hasActed;
        hasActed = true;
        if (isFirst) await before();
        const result: unknown = await member.apply(target, given);
        if (isFirst) await after();
        return result;
      };
    },
  });
}

describe('a slot is handed out all the same', () => {
  test('when another has taken the turn of the flow first', async () => {
    const { rows, segment, depsWith, fill, enter, holder, withSlot } = openPool({ running: 1 });
    await fill();
    await enter(1);
    const rival = async () => {
      const [flow] = await rows.flows(segment.pool);
      if (flow) await rows.takeTurn(flow, flow.virtualTime + 1000, now);
    };

    await providerSlots(depsWith(rivalBefore(rows, 'takeTurn', rival))).free(
      holder(),
      `${segment.pool}#0`,
    );

    expect(await withSlot()).toEqual([idOf(1)]);
  });

  test('when another has claimed the first of those who wait: to the second', async () => {
    const { rows, segment, depsWith, fill, enter, holder, withSlot } = openPool({ running: 1 });
    await fill();
    await enter(1);
    await enter(2);
    const key = { queue: segment.pool, flow: 'one', since: now + 1, taskId: idOf(1) };
    const rival = () => rows.claim(key, { owner: 'rival', now, until: now + 30_000 });

    await providerSlots(depsWith(rivalBefore(rows, 'claim', rival))).free(
      holder(),
      `${segment.pool}#0`,
    );

    expect(await withSlot()).toEqual([idOf(2)]);
  });

  test('when all of the flow whose turn it is are being served: to the next flow', async () => {
    const { rows, segment, slots, fill, enter, holder, withSlot } = openPool({ running: 1 });
    await fill();
    await enter(1, 'one');
    await enter(2, 'two');
    const key = { queue: segment.pool, flow: 'one', since: now + 1, taskId: idOf(1) };
    await rows.claim(key, { owner: 'rival', now, until: now + 30_000 });

    await slots.free(holder(), `${segment.pool}#0`);

    expect(await withSlot()).toEqual([idOf(2)]);
  });

  test('when the deployment has added slots: by a task that has submitted', async () => {
    const { pool, rows, segment, depsWith, fill, enter, holder, withSlot } = openPool({
      running: 1,
    });
    await fill();
    const first = await enter(1);
    await enter(2);
    await enter(3);
    await providerSlots(depsWith(rows)).free(holder(), `${segment.pool}#0`);
    const raised = poolOf('dashscope', defaultModel.id, {
      capacity: { running: 3 },
      countedBy: 'model',
    });

    const slots = providerSlots(depsWith(rows, raised));
    await slots.submitted({ ...first, slot: `${pool.name}#0` });

    expect(await withSlot()).toEqual([idOf(1), idOf(2), idOf(3)]);
  });

  test('when a rival took the slot and freed it again, but left the claimed task to us', async () => {
    const { rows, segment, depsWith, fill, enter, holder, withSlot, woken } = openPool({
      running: 1,
    });
    await fill();
    await enter(1);
    const lease: Lease = { until: now + 1, since: now, held: true, startAt: now };
    await rows.releaseSlot(segment, holder());
    const rivalQueue = rivalBefore(rows, 'takeSlot', () =>
      rows.takeSlot(segment, idOf('rival'), lease, { slots: 1, now }),
    );
    let left: number | undefined;
    const queue = rivalBefore(rivalQueue, 'unclaim', async () => {
      await rows.releaseSlot(segment, idOf('rival'));
      left = await grantSlots(depsWith(rows))(segment, 3);
    });

    expect(await grantSlots(depsWith(queue))(segment, 3)).toBe(1);

    expect(left).toBe(0);
    expect(await withSlot()).toEqual([idOf(1)]);
    expect(woken).toEqual([idOf(1)]);
    // The turn that served nobody was given back.
    expect(await rows.flows(segment.pool)).toMatchObject([{ flow: 'one', virtualTime: 1000 }]);
  });

  test('when the first of those who wait does not exist any more: to the second, and nobody pays for it', async () => {
    const { rows, segment, records, slots, fill, enter, holder, withSlot } = openPool({
      running: 1,
    });
    await fill();
    await enter(1, 'gone');
    await enter(2);
    records.delete(idOf(1));

    await slots.free(holder(), `${segment.pool}#0`);

    expect(await withSlot()).toEqual([idOf(2)]);
    expect(rows.dump().waiting.map(({ taskId }) => taskId)).toEqual([idOf(2)]);
    const flow = (await rows.flows(segment.pool)).find((one) => one.flow === 'gone');
    expect(flow?.virtualTime ?? 0).toBe(0);
  });
});

describe('the mark of a queue', () => {
  test('keeps newcomers from a free slot as long as somebody waits, and they get it when nobody does', async () => {
    const { rows, segment, slots, fill, enter, waitingTask, holder } = openPool({ running: 2 });
    await fill();
    const first = await enter(1);
    await rows.releaseSlot(segment, holder()); // and crashes: nobody hands it out
    const newcomer = pending({ id: idOf(2), account: 'two' });

    expect(await slots.take(newcomer, ['dashscope'])).toBeUndefined();

    await slots.grantBeside(waitingTask(1));
    const handed = await slots.take(first, ['dashscope']);
    expect(handed).toMatchObject({ slot: `${segment.pool}#0` });
    await slots.submitted(first);
    await slots.free(holder(1), `${segment.pool}#0`);
    expect((await rows.readSlots(segment)).queued.size).toBe(0);
    expect(await slots.take(newcomer, ['dashscope'])).toMatchObject({ startAt: now });
  });

  test('stays when a task enters while a rival reads that nobody waits', async () => {
    const { rows, segment, depsWith, fill, holder, withSlot, waitingTask } = openPool({
      running: 1,
    });
    await fill();
    await rows.markQueued(segment, segment.pool, 'left over');
    await rows.releaseSlot(segment, holder());
    // The task enters after the rival has read that nobody waits. It finds no free slot, because the rival has it.
    const task = waitingTask(1);
    const rival = async () => {
      await fill();
      await providerSlots(depsWith(rows)).enter(task);
    };

    await grantSlots(depsWith(rivalAfter(rows, 'flows', rival)))(segment, 3);

    expect([...(await rows.readSlots(segment)).queued.keys()]).toEqual([segment.pool]);
    await providerSlots(depsWith(rows)).free(holder(), `${segment.pool}#0`);
    expect(await withSlot()).toEqual([idOf(1)]);
  });

  test.each(['addWaiting', 'enterFlow', 'markQueued'] as const)(
    'is there when a task has entered, although a rival has read the queue before %s',
    async (step) => {
      const { rows, segment, depsWith, fill, waitingTask, holder, withSlot } = openPool({
        running: 1,
      });
      await fill();
      await rows.markQueued(segment, segment.pool, 'left over');
      const look = async () => {
        // With a free slot, so that the rival reads who waits; afterwards the slot is taken again.
        await grantSlots(depsWith(rows))({ ...segment, slots: 2 }, 1);
        await rows.releaseSlot(segment, idOf(1));
      };

      await providerSlots(depsWith(rivalBefore(rows, step, look))).enter(waitingTask(1));

      expect([...(await rows.readSlots(segment)).queued.keys()]).toEqual([segment.pool]);
      expect((await withSlot()).includes(holder())).toBe(true);
    },
  );

  test('is set before the slots are read: a slot that was freed before that is handed to the task that enters', async () => {
    const { rows, segment, depsWith, fill, waitingTask, holder, withSlot } = openPool({
      running: 1,
    });
    await fill();
    const rival = () => providerSlots(depsWith(rows)).free(holder(), `${segment.pool}#0`);

    await providerSlots(depsWith(rivalBefore(rows, 'markQueued', rival))).enter(waitingTask(1));

    expect(await withSlot()).toEqual([idOf(1)]);
  });
});

describe('the two lanes of an account', () => {
  test('share the slots four to one, and its single interactive task does not wait behind its bulk', async () => {
    const { segment, slots, fill, enter, holder, withSlot, waitingTask } = openPool({ running: 1 });
    await fill();
    const count = 20;
    // The bulk of the account has waited for longer.
    for (let number = 1; number <= count; number += 1) await enter(number, 'one', 'bulk');
    for (let number = count + 1; number <= 2 * count; number += 1) await enter(number, 'one');
    const slot = `${segment.pool}#0`;
    await slots.free(holder(), slot);
    const served: Lane[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      const [id = ''] = await withSlot();
      const number = Number(id.slice(-8).replaceAll('a', ''));
      const lane = number <= count ? 'bulk' : 'interactive';
      served.push(lane);
      await slots.submitted({ ...waitingTask(number, 'one', lane), slot });
      await slots.free(id, slot);
    }

    expect(served.slice(0, 2)).toContain('interactive');
    expect(served.filter((lane) => lane === 'interactive')).toHaveLength((count * 4) / 5);
    expect(served.filter((lane) => lane === 'bulk')).toHaveLength(count / 5);
  });
});

describe('a pool with several segments', () => {
  const capacity = { running: 130 };

  test('has as many slots as before, and each segment its part of the rate', () => {
    const { pool } = openPool({ running: 130, submitsPerSecond: 10 });
    expect(pool.segments.map(({ slots }) => slots)).toEqual([44, 43, 43]);
    expect(pool.segments.map(({ submitIntervalMs }) => submitIntervalMs)).toEqual([300, 300, 300]);
  });

  test.each([0, 1, 2])(
    'hands a task that waits the slot that was freed in segment %i',
    async (index) => {
      const { pool, slots, fill, enter, holder, withSlot } = openPool(capacity);
      for (const segment of pool.segments) await fill(segment.index);
      const task = await enter(1);

      await slots.free(holder(0, index), `${pool.name}#${index}`);

      expect(await withSlot(index)).toContain(task.id);
      expect(await slots.take(task, ['dashscope'])).toMatchObject({
        slot: `${pool.name}#${index}`,
      });
    },
  );

  test('gives a newcomer a slot of any segment, and nobody two', async () => {
    const { pool, slots, fill, rows } = openPool(capacity);
    for (const segment of pool.segments) await fill(segment.index, segment.slots - 1);
    const taken = [];
    for (let number = 1; number <= 5; number += 1) {
      taken.push(await slots.take(pending({ id: idOf(number) }), ['dashscope']));
    }
    expect(taken.filter((one) => one !== undefined)).toHaveLength(3);
    const all = rows.dump().slots.flatMap(({ row }) => [...row.leases.keys()]);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(130);
  });

  test('serves 10,000 waiting tasks first come first served, with all slots in use', async () => {
    const { pool, rows, slots, fill, waitingTask, enter, holder } = openPool(capacity);
    for (const segment of pool.segments) await fill(segment.index);
    const count = 10_000;
    const served = 260;
    const placeOf = (number: number) => ({
      queue: pool.name,
      flow: 'one',
      since: now + number,
      taskId: idOf(number),
    });
    await enter(1);
    for (let number = 2; number <= count; number += 1) {
      waitingTask(number);
      await rows.addWaiting({ ...placeOf(number), cost: 1000 });
    }
    const holders = pool.segments.flatMap(({ index, slots: own }) =>
      Array.from({ length: own }, (_, number) => ({ id: holder(number, index), index })),
    );

    for (let number = 1; number <= served; number += 1) {
      // Jobs do not end in the order in which they began.
      const [over] = holders.splice((7 * number) % holders.length, 1);
      if (!over) throw new Error('nobody has a slot');
      const slot = `${pool.name}#${over.index}`;
      await slots.free(over.id, slot);
      const task = waitingTask(number);
      expect(await slots.take(task, ['dashscope'])).toMatchObject({ slot });
      await slots.submitted({ ...task, slot });
      holders.push({ id: task.id, index: over.index });
    }

    expect(rows.dump().slots.flatMap(({ row }) => [...row.leases])).toHaveLength(130);
    expect(rows.dump().waiting).toHaveLength(count - served);
  });
});

describe('a deployment that raises how many segments a full pool has', () => {
  test('hands out the new slots at the next run of the reconciler', async () => {
    const { rows, depsWith, fill, enter, withSlot } = openPool({ running: 60 });
    await fill();
    const waiting = [await enter(1), await enter(2)];
    const raised = poolOf('dashscope', defaultModel.id, {
      capacity: { running: 120 },
      countedBy: 'model',
    });

    await reconcileSlots({ ...depsWith(rows, raised), reclaimed: () => undefined })();

    expect(await withSlot(1)).toEqual(waiting.map(({ id }) => id));
  });
});

describe('a deployment that lowers how many segments a full pool has', () => {
  async function lowered() {
    const before = openPool({ running: 130 });
    const { pool, fill, enter, rows, records, holder } = before;
    for (const segment of pool.segments) {
      await fill(segment.index);
      // The jobs are at the provider.
      for (let number = 0; number < segment.slots; number += 1) {
        const id = holder(number, segment.index);
        records.set(
          id,
          pending({ id, submitLockedAt: now, slot: `${pool.name}#${segment.index}` }),
        );
      }
    }
    const waiting = [await enter(1), await enter(2)];
    const after = poolOf('dashscope', defaultModel.id, {
      capacity: { running: 60 },
      countedBy: 'model',
    });
    return { ...before, waiting, after, deps: before.depsWith(rows, after) };
  }

  test('takes no job back, and a job that ends frees its old slot', async () => {
    const { pool, after, deps, holder, rows, withSlot } = await lowered();
    expect(after.segments).toHaveLength(1);
    const slots = providerSlots(deps);

    await slots.free(holder(0, 2), `${pool.name}#2`);

    expect(await withSlot(2)).not.toContain(holder(0, 2));
    expect(await withSlot(2)).toHaveLength(42);
    expect(rows.dump().waiting).toHaveLength(2);
  });

  test('hands out the free slots of the segments that are left, and newcomers wait behind those who wait', async () => {
    const { pool, deps, waiting, withSlot } = await lowered();
    const slots = providerSlots(deps);
    const newcomer = pending({ id: idOf(9) });
    expect(await slots.take(newcomer, ['dashscope'])).toBeUndefined();

    await reconcileSlots({ ...deps, reclaimed: () => undefined })();

    // 44 of 60 were taken.
    expect(await withSlot(0)).toEqual(expect.arrayContaining(waiting.map(({ id }) => id)));
    for (const task of waiting) {
      expect(await slots.take(task, ['dashscope'])).toMatchObject({ slot: `${pool.name}#0` });
    }
  });

  test('gives another slot to a task that was handed a slot of a segment that is gone', async () => {
    const { pool, slots: old, waiting, deps, holder, withSlot, rows } = await lowered();
    await old.free(holder(0, 2), `${pool.name}#2`);
    const [first] = waiting;
    if (!first) throw new Error('nobody waits');
    expect(await withSlot(2)).toContain(first.id);
    const later = { ...deps, now: () => now + 31_000 };
    const slots = providerSlots(later);
    expect(await slots.take(first, ['dashscope'])).toBeUndefined();

    await reconcileSlots({ ...later, reclaimed: () => undefined })();

    expect(await slots.take(first, ['dashscope'])).toMatchObject({ slot: `${pool.name}#0` });
    await slots.submitted(first);
    expect(rows.dump().waiting.map(({ taskId }) => taskId)).toEqual([waiting[1]?.id]);
  });
});
