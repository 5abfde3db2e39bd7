import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Capacity } from '../../../../functions/domain/model/capacity.ts';
import { defaultModel, type ProviderName } from '../../../../functions/domain/model/catalogue.ts';
import type { QueuedTask } from '../../../../functions/domain/model/task.ts';
import { costOf, flowOf } from '../../../../functions/domain/providers/fair-order.ts';
import { grantSlots } from '../../../../functions/domain/providers/grant-slots.ts';
import { poolOf } from '../../../../functions/domain/providers/pools.ts';
import { queueEstimates } from '../../../../functions/domain/providers/queue-position.ts';
import type { QueueStore } from '../../../../functions/domain/providers/queue-store.ts';
import { reconcileSlots } from '../../../../functions/domain/providers/reconcile-slots.ts';
import { memoryQueue } from '../../../support/memory-queue.ts';
import { memoryTasks } from '../../../support/memory-tasks.ts';
import type { Records } from '../../../support/money.ts';
import { pending, sampleTime } from '../../../support/tasks.ts';

const taskId = (n: number) => `task-unified-1790000000-${String(n).padStart(8, '0')}`;
const lease = { until: sampleTime + 60_000, since: sampleTime, held: true, startAt: sampleTime };

/** A queue in front of one provider, whose slots are all taken. */
function context(capacity: Capacity | 'none' = { running: 5 }, change: Partial<QueueStore> = {}) {
  let now = sampleTime + 1_000_000;
  const records: Records['tasks'] = new Map();
  const memory = memoryQueue();
  const queue = { ...memory, ...change };
  const reads = { rows: 0, queries: 0 };
  const counted = {
    ...queue,
    firstWaiting: async (...given: Parameters<QueueStore['firstWaiting']>) => {
      const rows = await queue.firstWaiting(...given);
      reads.queries += 1;
      reads.rows += rows.length;
      return rows;
    },
  };
  const pool = (provider: ProviderName) =>
    poolOf(provider, defaultModel.id, {
      capacity: capacity === 'none' ? undefined : capacity,
      countedBy: 'provider',
    });
  const { segments, name } = pool('fal');
  const deps = {
    queue: counted,
    poolOf: pool,
    pools: [pool('fal')],
    tasks: memoryTasks({ tasks: records, attempts: new Map() }),
    wake: async () => undefined,
    now: () => now,
    uniqueId: () => 'an-id',
    grantExpired: () => undefined,
  };
  const estimates = queueEstimates({ ...deps, typicalSeconds: async () => 30 });
  let entered = 0;
  return {
    ofQueued: estimates.ofQueued,
    ofNewcomer: estimates.ofNewcomer,
    ofCreated: estimates.ofCreated,
    memory,
    reads,
    segments,
    name,
    pass: (ms: number) => {
      now += ms;
    },
    async takeAllSlots() {
      for (const segment of segments) {
        for (let n = 0; n < segment.slots; n += 1) {
          const terms = { slots: segment.slots, now };
          await memory.takeSlot(segment, `job-${segment.index}-${n}`, lease, terms);
        }
      }
    },
    async enter(account: string, n = 1, more: Partial<QueuedTask> = {}): Promise<QueuedTask> {
      entered += 1;
      const place = { pools: [name], since: sampleTime + 100 * entered };
      const task = {
        ...pending({ id: taskId(entered), account, n }),
        queue: place,
        ...more,
      };
      records.set(task.id, task);
      const flow = { queue: name, flow: flowOf(account, task.lane) };
      await memory.addWaiting({
        ...flow,
        since: place.since,
        taskId: task.id,
        cost: costOf(n, task.lane),
      });
      const { virtualTime } = await memory.readSlots({ pool: name, index: 0 });
      await memory.enterFlow(flow, virtualTime, `mark-${entered}`);
      for (const segment of segments) await memory.markQueued(segment, name, `mark-${entered}`);
      return task;
    },
    /** Hands free slots to those who wait, one after the other, and returns to whom. */
    async handOver(count: number): Promise<readonly string[]> {
      const [segment] = segments;
      if (!segment) return [];
      const large = { ...segment, slots: 1000 };
      const order: string[] = [];
      for (let n = 0; n < count; n += 1) {
        const before = (await memory.readSlots(segment)).leases;
        await grantSlots(deps)(large, 1);
        const { leases } = await memory.readSlots(segment);
        order.push(...[...leases.keys()].filter((id) => !before.has(id)));
        now += 1;
      }
      return order;
    },
    /** A provider has the job of a task. */
    submit: ({ id, account, queue: { since } }: QueuedTask) =>
      memory.removeWaiting({ queue: name, flow: flowOf(account), since, taskId: id }),
    reconcile: reconcileSlots({ ...deps, reclaimed: () => undefined }),
  };
}

const positionsOf = async (
  { ofQueued }: Pick<ReturnType<typeof context>, 'ofQueued'>,
  tasks: readonly QueuedTask[],
) => Promise.all(tasks.map(async (task) => (await ofQueued(task))?.position));

const many = async <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> => {
  const made: T[] = [];
  for (let index = 0; index < count; index += 1) made.push(await make(index));
  return made;
};

describe('the position of a task', () => {
  test('counts from 1 in the order in which the tasks of an account came', async () => {
    const queue = context();
    const tasks = await many(7, () => queue.enter('acme'));
    expect(await positionsOf(queue, tasks)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('of another account is that of its turn, and not behind all who came before', async () => {
    const queue = context();
    const busy = await many(50, () => queue.enter('busy'));
    await queue.handOver(2);
    const other = await queue.enter('other');
    const [position = 0] = await positionsOf(queue, [other]);
    expect(position).toBeLessThanOrEqual(2);
    // The tasks of the busy account move back by one place.
    const left = busy.slice(2);
    expect(await positionsOf(queue, left)).toEqual(
      left.map((_, index) => index + (index + 1 >= position ? 2 : 1)),
    );
  });

  test('is 1 while a slot is handed to it, and other tasks do not count it', async () => {
    const queue = context();
    const tasks = await many(3, () => queue.enter('acme'));
    await queue.handOver(1);
    expect(await positionsOf(queue, tasks)).toEqual([1, 1, 2]);
  });

  test('is exact to 100 and then rounded up to two digits', async () => {
    const queue = context();
    const tasks = await many(1200, () => queue.enter('acme'));
    const ask = async (...places: number[]) =>
      positionsOf(
        queue,
        places.map((place) => tasks[place - 1] ?? (pending() as QueuedTask)),
      );
    expect(await ask(99, 100, 101, 110, 111, 150, 951)).toEqual([99, 100, 110, 110, 120, 150, 960]);
  });

  test('far behind is found from the reconciler’s summary, within a twentieth', async () => {
    const queue = context();
    const tasks = await many(12_000, () => queue.enter('acme'));
    await queue.reconcile();
    for (const place of [1500, 5000, 11_999]) {
      const [position = 0] = await positionsOf(queue, tasks.slice(place - 1, place));
      expect(Math.abs(position - place) / place).toBeLessThan(0.05 + 100 / place);
    }
    // The summary is older than the submits since.
    const before = await positionsOf(queue, tasks.slice(4999, 5000));
    for (const task of tasks.slice(0, 500)) await queue.submit(task);
    queue.pass(5000);
    const after = await positionsOf(queue, tasks.slice(4999, 5000));
    expect((before[0] ?? 0) - (after[0] ?? 0)).toBeGreaterThanOrEqual(300);
  });

  test('far behind counts the turns of the others, too', async () => {
    const queue = context();
    const tasks = await many(800, (index) => queue.enter(index % 2 === 0 ? 'one' : 'two'));
    await queue.reconcile();
    const last = tasks.slice(799);
    const [position = 0] = await positionsOf(queue, last);
    expect(position).toBeGreaterThanOrEqual(790);
    expect(position).toBeLessThanOrEqual(810);
  });

  test('is read once in some seconds, and the reads do not grow with the number of waiting tasks', async () => {
    const queue = context();
    const tasks = await many(3000, (index) => queue.enter(`account-${index % 3}`));
    const near = tasks.slice(0, 50);
    await positionsOf(queue, near);
    const { rows } = queue.reads;
    expect(rows).toBeLessThanOrEqual(3 * (25 + 200));
    await positionsOf(queue, near);
    expect(queue.reads.rows).toBe(rows);
    queue.pass(3001);
    await positionsOf(queue, near);
    expect(queue.reads.rows).toBe(2 * rows);
  });

  test('that cannot be read is not known, and fails no request', async () => {
    const queue = context(
      { running: 5 },
      {
        readSlots: () => Promise.reject(new Error('throttled')),
      },
    );
    const task = { ...pending(), queue: { pools: [queue.name], since: 1 } };
    expect(await queue.ofQueued(task)).toBeUndefined();
    expect(await queue.ofNewcomer(pending(), ['fal'])).toBeUndefined();
  });

  test('of a task whose provider the deployment does not know any more is not known', async () => {
    const queue = context();
    const task = { ...pending(), queue: { pools: ['gone'], since: 1 } };
    expect(await queue.ofQueued(task)).toBeUndefined();
  });

  test('is the order in which slots are handed out when nobody else comes, whoever waits', async () => {
    const arrival = fc.record({
      account: fc.constantFrom('a', 'b', 'c', 'd'),
      n: fc.constantFrom(1, 2, 4),
      lane: fc.constantFrom('interactive' as const, 'bulk' as const),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(arrival, { maxLength: 12 }),
        fc.nat(6),
        fc.array(arrival, { minLength: 1, maxLength: 20 }),
        async (before, served, after) => {
          const queue = context();
          const entered = new Map<string, QueuedTask>();
          const enter = async ({ account, n, lane }: (typeof after)[number]) => {
            const task = await queue.enter(account, n, { lane });
            entered.set(task.id, task);
          };
          for (const one of before) await enter(one);
          const gone = new Set(await queue.handOver(served));
          for (const one of after) await enter(one);
          const waiting = [...entered.values()].filter(({ id }) => !gone.has(id));
          const positions = await positionsOf(queue, waiting);

          const order = await queue.handOver(waiting.length);

          expect(positions).toEqual(waiting.map(({ id }) => order.indexOf(id) + 1));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a task that does not wait yet', () => {
  test('has no place when a slot is free, or a provider without limits can have it', async () => {
    expect(await context().ofNewcomer(pending(), ['fal'])).toBeUndefined();
    const unlimited = context('none');
    await unlimited.takeAllSlots();
    await unlimited.enter('acme');
    expect(await unlimited.ofNewcomer(pending(), ['fal'])).toBeUndefined();
  });

  test('is the next one when all slots are taken and nobody waits', async () => {
    const queue = context();
    await queue.takeAllSlots();
    expect(await queue.ofNewcomer(pending(), ['fal'])).toMatchObject({ position: 1 });
  });

  test('stands behind the tasks of its own account, and takes turns with others', async () => {
    const queue = context();
    await many(30, () => queue.enter('busy'));
    const of = async (account: string) =>
      (await queue.ofNewcomer(pending({ account }), ['fal']))?.position ?? 0;
    expect(await of('busy')).toBe(31);
    expect(await of('other')).toBeLessThanOrEqual(2);
  });

  test('has the place at which it waits when its create is repeated, and none when it has begun', async () => {
    const queue = context();
    const [first] = await many(3, () => queue.enter('acme'));
    if (!first) throw new Error('nobody waits');
    expect(await queue.ofCreated(first, ['fal'])).toMatchObject({ position: 1 });
    expect(await queue.ofCreated(pending({ account: 'acme' }), ['fal'])).toMatchObject({
      position: 4,
    });
    const locked = { ...first, status: 'failed' as const, finishedAt: 1, charged: 0 };
    const failure = { code: 'service_error' as const, message: '' };
    expect(await queue.ofCreated({ ...locked, failure }, ['fal'])).toBeUndefined();
  });
});

describe('the expected wait', () => {
  test.each<[string, Capacity, number]>([
    ['as jobs end: 6 slots of 30 s', { running: 5, ahead: 1 }, 50],
    ['as submits are taken: one in two seconds', { running: 500, submitsPerSecond: 1 }, 10],
    ['a day, when no job may be submitted', { running: 0 }, 24 * 60 * 60],
  ])('of the tenth is %s', async (_what, capacity, seconds) => {
    const queue = context(capacity);
    const tasks = await many(10, () => queue.enter('acme'));
    const [tenth] = tasks.slice(-1);
    expect(tenth && (await queue.ofQueued(tenth))).toEqual({
      position: 10,
      waitSeconds: seconds,
      jobSeconds: 30,
    });
  });

  test('begins when the pause of a provider that was busy is over', async () => {
    const queue = context({ running: 5 });
    const task = await queue.enter('acme');
    for (const segment of queue.segments) {
      await queue.memory.pause(segment, sampleTime + 1_000_000 + 60_000);
    }
    expect(await queue.ofQueued(task)).toMatchObject({ waitSeconds: 66 });
  });
});
