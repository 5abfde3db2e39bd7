import { describe, expect, test } from 'vitest';
import { type SimulationOptions, simulateQueue } from '../../../support/queue-simulation.ts';
import { seededRandom } from '../../../support/simulated-time.ts';
import { isThorough } from '../../../support/thorough.ts';

const minutes = 60_000;

const calm: Omit<SimulationOptions, 'seed' | 'arrivals'> = {
  capacities: [{ at: 0, capacity: { running: 5 } }],
  provider: { running: 5, queues: true },
  jobMs: (random) => 15_000 + 30_000 * random(),
  webhooks: false,
  crash: 0,
  lostWakes: 0,
  doubleWakes: 0,
  repeatedWrites: 0,
  skewMs: 0,
  secondExecutions: 0,
  lostEnds: 0,
  slowCalls: 0,
  withReconciler: true,
  until: 60 * minutes,
};

/** A simulation with faults; the seed decides which. */
function hostile(seed: number): SimulationOptions {
  const random = seededRandom(seed);
  const pick = <T>(...values: readonly [T, ...T[]]): T =>
    values[Math.floor(random() * values.length)] ?? values[0];
  const running = pick(1, 2, 5);
  const capacity = { running };
  const queues = random() < 0.67;
  const gap = 1000 / pick(1, 5, 100);
  const accounts = 1 + Math.floor(random() * 6);
  return {
    ...calm,
    seed,
    arrivals: Array.from({ length: 10 + Math.floor(random() * 25) }, (_, index) => ({
      at: index * gap * 2 * random(),
      account: `account-${Math.floor(random() * accounts)}`,
      n: pick(1, 2, 4),
      lane: pick('interactive', 'bulk'),
      cancelAfter: random() < 0.1 ? 120_000 * random() : undefined,
    })),
    capacities: pick(
      [{ at: 0, capacity }],
      [{ at: 0, capacity: { running, submitsPerSecond: 5, ahead: queues ? 1 : 0 } }],
      [
        { at: 0, capacity },
        { at: 60_000, capacity: { running: 1 } },
        { at: 300_000, capacity: { running: 5 } },
      ],
      [
        { at: 0, capacity },
        { at: 40_000, capacity: { running: 0 } },
        { at: 240_000, capacity },
      ],
    ),
    provider: { running: 5, queues },
    webhooks: random() < 0.5,
    crash: pick(0, 0.001, 0.005, 0.02, 0.05),
    lostWakes: pick(0, 0.2, 0.5),
    doubleWakes: pick(0, 0.5),
    repeatedWrites: pick(0, 0.02, 0.1),
    skewMs: pick(0, 2000, 10_000),
    secondExecutions: pick(0, 0, 0.5),
    lostEnds: pick(0, 0.5, 1),
    slowCalls: pick(0, 0.05, 0.3),
    until: 600 * minutes,
  };
}

const runs = isThorough ? 2000 : 60;

describe('whatever crashes, is lost or comes twice', () => {
  test('no task is lost or submitted twice, no job is at the provider without a slot, and no slot stays taken', async () => {
    let crashes = 0;
    for (let seed = 1; seed <= runs; seed += 1) {
      const found = await simulateQueue(hostile(seed));
      crashes += found.crashes;
      const { violations, open, slots, waiting } = found;
      expect({ seed, violations, open, slots, waiting }).toEqual({
        seed,
        violations: [],
        open: [],
        slots: [],
        waiting: [],
      });
    }
    expect(crashes).toBeGreaterThan(runs);
  }, 600_000);
});

describe('a pool of several segments', () => {
  const many = { running: 130, ahead: 0 };
  const few = { running: 60, ahead: 0 };
  const arrivals = Array.from({ length: 500 }, (_, index) => ({
    at: 20 * index,
    account: index % 2 === 0 ? 'one' : 'two',
  }));

  test('is kept in use as long as somebody waits, and no segment is left out', async () => {
    const found = await simulateQueue({
      ...calm,
      seed: 1,
      webhooks: true,
      capacities: [{ at: 0, capacity: many }],
      provider: { running: 130, queues: false },
      arrivals,
    });
    const { violations, open, slots, waiting } = found;
    expect({ violations, open, slots, waiting }).toEqual(nothingLeft);
    expect(found.rejectedSubmits).toBe(0);
    expect(found.utilisation).toBeGreaterThan(0.9);
  });

  test.each([
    ['lowers', [many, few, many]],
    ['raises', [few, many, few]],
  ] as const)(
    'that a deployment %s while it is full, and the next one the other way, loses no task and no slot',
    async (_how, [first, second, third]) => {
      const { violations, open, slots, waiting } = await simulateQueue({
        ...calm,
        seed: 2,
        webhooks: true,
        crash: 0.001,
        capacities: [
          { at: 0, capacity: first },
          { at: 30_000, capacity: second },
          { at: 90_000, capacity: third },
        ],
        provider: { running: 130, queues: true },
        arrivals,
        until: 600 * minutes,
      });
      expect({ violations, open, slots, waiting }).toEqual(nothingLeft);
    },
  );
});

const nothingLeft = { violations: [], open: [], slots: [], waiting: [] };

describe('a provider without limits that is busy at times', () => {
  const withoutLimits = {
    capacities: [{ at: 0 }],
    provider: { running: 5, queues: false },
  } as const;

  test.each([
    ['with polls, and more tasks than it can do', false, 4000],
    ['with webhooks, and more tasks than it can do', true, 3000],
    ['with polls, and about as many tasks as it can do', false, 7000],
  ])(
    'serves first those who came first, and lets nobody starve, %s',
    async (_how, webhooks, gapMs) => {
      const arrivals = Array.from({ length: 150 }, (_, index) => ({
        at: gapMs * index, // the gap is shorter than a pause
        account: 'one',
      }));
      for (let seed = 1; seed <= (isThorough ? 100 : 5); seed += 1) {
        const found = await simulateQueue({ ...calm, ...withoutLimits, seed, webhooks, arrivals });
        const { violations, open, slots, waiting } = found;
        expect({ seed, violations, open, slots, waiting }).toEqual({ seed, ...nothingLeft });
        const submitted = found.tasks.map((task) =>
          'submittedAt' in task ? (task.submittedAt ?? 0) : 0,
        );
        const inOrder = submitted.toSorted((a, b) => a - b);
        // One hand-over wakes several tasks, which may be submitted in any order.
        const moved = submitted.map((at, index) => Math.abs(inOrder.indexOf(at) - index));
        expect({ seed, isInOrder: Math.max(...moved) <= 4 }).toEqual({ seed, isInOrder: true });
        expect(found.rejectedSubmits).toBeGreaterThan(0);
        expect(found.utilisation).toBeGreaterThan(0.75);
      }
    },
  );

  test('loses no task and submits none twice, whatever crashes, is lost or comes twice', async () => {
    for (let seed = 1; seed <= (isThorough ? 500 : 20); seed += 1) {
      const found = await simulateQueue({ ...hostile(seed), ...withoutLimits });
      const { violations, open, slots, waiting } = found;
      expect({ seed, violations, open, slots, waiting }).toEqual({ seed, ...nothingLeft });
    }
  }, 600_000);
});

describe('without faults', () => {
  const busy = (random: () => number, count: number) =>
    Array.from({ length: count }, () => ({
      at: 1000 * random(),
      account: 'busy',
      n: [1, 2, 4][Math.floor(3 * random())] ?? 1,
    }));

  test.each([
    ['another account', { account: 'other' }],
    ['the same account, in the other lane', { account: 'busy', lane: 'bulk' as const }],
  ])(
    'an account with many waiting tasks delays a single one of %s by two hand-overs at most',
    async (_what, single) => {
      const delays: number[] = [];
      for (let seed = 1; seed <= (isThorough ? 300 : 10); seed += 1) {
        const random = seededRandom(seed);
        const many = busy(random, 40).map((one) => ({
          ...one,
          ...('lane' in single && { lane: 'bulk' as const }),
        }));
        const first = { at: 20_000 + 60_000 * random(), account: single.account, n: 4 };
        const found = await simulateQueue({ ...calm, seed, arrivals: [first, ...many] });
        expect(found.open).toEqual([]);
        delays.push(found.handedBefore(0));
      }
      expect(delays.every((delay) => delay <= 2 && delay >= 0)).toBe(true);
    },
  );

  test('with two busy accounts a single task of a third one waits for two hand-overs at most, faults aside', async () => {
    const delays: number[] = [];
    for (let seed = 1; seed <= (isThorough ? 300 : 10); seed += 1) {
      const random = seededRandom(seed);
      const many = [
        ...busy(random, 30),
        ...busy(random, 30).map((one) => ({ ...one, account: 'busier' })),
      ];
      const first = { at: 20_000 + 60_000 * random(), account: 'other', n: 4 };
      const found = await simulateQueue({ ...calm, seed, arrivals: [first, ...many] });
      delays.push(found.handedBefore(0));
    }
    expect(Math.max(...delays)).toBeLessThanOrEqual(2);
  });

  test('whatever an account has in both of its lanes, it delays the first task of another by two hand-overs at most', async () => {
    const delays: number[] = [];
    for (let seed = 1; seed <= (isThorough ? 300 : 10); seed += 1) {
      const random = seededRandom(seed);
      const lanes = ['interactive', 'bulk'] as const;
      const many = busy(random, 20 + Math.floor(40 * random())).map((one) => ({
        ...one,
        at: 30_000 * random(),
        lane: lanes[Math.floor(2 * random())] ?? 'bulk',
      }));
      const lane = lanes[Math.floor(2 * random())] ?? 'bulk';
      const n = 1 + Math.floor(4 * random());
      const first = { at: 30_000 + 60_000 * random(), account: 'other', n, lane };
      const found = await simulateQueue({ ...calm, seed, arrivals: [first, ...many] });
      expect(found.open).toEqual([]);
      delays.push(found.handedBefore(0));
    }
    expect(delays.every((delay) => delay <= 2 && delay >= 0)).toBe(true);
  });

  test.each([
    ['four images: four', 'interactive', 4],
    ['four images in bulk: sixteen', 'bulk', 16],
  ] as const)(
    'an account that was just served pays for it first: after %s more hand-overs at most',
    async (_what, lane, debt) => {
      const delays: number[] = [];
      for (let seed = 1; seed <= (isThorough ? 300 : 10); seed += 1) {
        const random = seededRandom(seed);
        const many = Array.from({ length: 60 }, () => ({ at: 1000 * random(), account: 'busy' }));
        const first = { at: 20_000 + 30_000 * random(), account: 'other', n: 4, lane };
        const arrivals = [first, ...many];
        const before = await simulateQueue({ ...calm, seed, arrivals });
        const [id = ''] = before.ids;
        const waited = (before.handedAt.get(id) ?? 0) - (before.tasks[0]?.createdAt ?? 0);
        // The same run again. As soon as the first task is served, its account sends the next one.
        const next = { ...first, at: first.at + waited + 1000 };
        const found = await simulateQueue({ ...calm, seed, arrivals: [...arrivals, next] });
        expect(found.handedAt.get(id)).toBe(before.handedAt.get(id));
        expect(found.open).toEqual([]);
        delays.push(found.handedBefore(arrivals.length));
      }
      expect(Math.max(...delays)).toBeGreaterThan(2);
      expect(Math.max(...delays)).toBeLessThanOrEqual(debt + 2);
    },
  );

  test('tasks of one lane are served in the order in which they came', async () => {
    const arrivals = Array.from({ length: 30 }, (_, index) => ({
      at: 3000 * index,
      account: 'one',
    }));
    const { tasks } = await simulateQueue({ ...calm, seed: 1, arrivals });
    const submitted = tasks.map((task) => ('submittedAt' in task ? (task.submittedAt ?? 0) : 0));
    expect(submitted).toEqual(submitted.toSorted((a, b) => a - b));
  });

  test('two busy accounts get equal shares of images, whatever they ask for at once', async () => {
    const { tasks } = await simulateQueue({
      ...calm,
      seed: 1,
      arrivals: Array.from({ length: 100 }, (_, index) => ({
        at: index,
        account: index % 2 === 0 ? 'one' : 'four',
        n: index % 2 === 0 ? 1 : 4,
      })),
    });
    const served = tasks
      .flatMap((task) =>
        'submittedAt' in task && task.submittedAt ? [{ ...task, at: task.submittedAt }] : [],
      )
      .toSorted((a, b) => a.at - b.at)
      .slice(5, 55); // the first five found free slots
    const imagesOf = (name: string) =>
      served.filter(({ account }) => account === name).reduce((sum, { n }) => sum + n, 0);
    expect(imagesOf('one') / imagesOf('four')).toBeCloseTo(1, 0);
    expect(imagesOf('one')).toBeGreaterThan(35);
  });

  test.each([
    ['with polls', false],
    ['with webhooks', true],
  ])(
    'positions count down and tasks are served in their order, and an expected wait is right within a fifth and the length of a job, %s',
    async (_how, webhooks) => {
      const asks = Array.from({ length: 30 }, (_, index) => 20_000 + 10_000 * index);
      const found = await simulateQueue({
        ...calm,
        seed: 3,
        webhooks,
        arrivals: Array.from({ length: 80 }, (_, index) => ({
          at: 100 * index,
          account: index % 4 === 0 ? 'one' : 'two',
        })),
        asks,
      });
      const { answers, handedAt } = found;
      const of = (id: string) => answers.filter(({ taskId }) => taskId === id);
      const [first] = answers;
      const told = answers.filter(({ at }) => at === first?.at);
      expect(told.map(({ position }) => position).toSorted((a, b) => a - b)).toEqual(
        told.map((_, index) => index + 1),
      );
      const inOrder = told.toSorted((a, b) => a.position - b.position).map(({ taskId }) => taskId);
      // Two slots that are handed out at the same moment may change places.
      const handedOrder = inOrder.toSorted(
        (a, b) => (handedAt.get(a) ?? 0) - (handedAt.get(b) ?? 0),
      );
      for (const [index, id] of inOrder.entries()) {
        expect(Math.abs(handedOrder.indexOf(id) - index)).toBeLessThanOrEqual(2);
      }
      for (const id of inOrder) {
        const positions = of(id).map(({ position }) => position);
        // While a slot is handed out, its flow has already been charged, or has got the charge back.
        const rises = positions.map((one, index) => one - (positions[index - 1] ?? one));
        expect(Math.max(...rises)).toBeLessThanOrEqual(2);
        const progress = of(id).map((one) => one.progress);
        expect(progress).toEqual(progress.toSorted((a, b) => a - b));
      }
      const errors = answers.map(({ at, taskId, waitSeconds }) => {
        const waited = ((handedAt.get(taskId) ?? 0) - at) / 1000;
        return { waited, seconds: Math.abs(waited - waitSeconds) };
      });
      // All jobs began at once, so slots come in bursts: a slot may come earlier or later by a job of 30 s. And no duration
      // includes the time from the end of a job to the next submit.
      for (const { waited, seconds } of errors) expect(seconds).toBeLessThan(30 + waited / 5);
      const total = (of: (one: (typeof errors)[number]) => number) =>
        errors.reduce((sum, one) => sum + of(one), 0);
      expect(total(({ seconds }) => seconds) / total(({ waited }) => waited)).toBeLessThan(0.2);
    },
  );

  test('a task that waits because a provider was busy without any job of ours is submitted when the pause is over, without the reconciler', async () => {
    const found = await simulateQueue({
      ...calm,
      seed: 5,
      withReconciler: false,
      provider: { running: 1, queues: false },
      busySubmits: 3,
      arrivals: [{ at: 0, account: 'one' }],
    });
    expect(found.open).toEqual([]);
    const [task] = found.tasks;
    const submittedAt = task && 'submittedAt' in task ? (task.submittedAt ?? 0) : 0;
    expect(found.handedAt.size).toBeGreaterThan(0);
    expect(submittedAt - (task?.createdAt ?? 0)).toBeLessThan(25_000);
  });

  const backlog = Array.from({ length: 100 }, (_, index) => ({ at: 10 * index, account: 'one' }));

  test.each([
    ['asking', false],
    ['with webhooks', true],
  ])(
    'a provider with a slot ahead has its jobs at least 95 %% of the time, %s',
    async (_how, webhooks) => {
      const { utilisation, open } = await simulateQueue({
        ...calm,
        seed: 1,
        webhooks,
        capacities: [{ at: 0, capacity: { running: 5, ahead: 1 } }],
        arrivals: backlog,
      });
      expect(open).toEqual([]);
      expect(utilisation).toBeGreaterThan(0.95);
    },
  );

  test('no slot stays free beside a task that waits, without the reconciler, when calls are slow and writes are repeated', async () => {
    for (let seed = 1; seed <= (isThorough ? 600 : 15); seed += 1) {
      const random = seededRandom(seed);
      const found = await simulateQueue({
        ...calm,
        seed,
        webhooks: true,
        withReconciler: false,
        repeatedWrites: 0.02,
        slowCalls: 0.15 + 0.15 * random(),
        // About as many as the provider takes.
        arrivals: Array.from({ length: 30 }, (_, index) => ({
          at: index * 6000 * 2 * random(),
          account: `account-${index % 3}`,
        })),
      });
      expect({ seed, open: found.open }).toEqual({ seed, open: [] });
      expect({ seed, isStuck: found.longestFreeMs > 20_000 }).toEqual({ seed, isStuck: false });
    }
  });
});
