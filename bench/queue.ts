import { type SimulationOptions, simulateQueue } from '../test/support/queue-simulation.ts';
import { lognormal } from './durations.ts';
import { printTable } from './print-table.ts';
import { benchQueueOnStack } from './queue-stack.ts';

// Two hundred tasks of one account, and then one of another, at a provider that takes five jobs at once: with the queue and
// without it, in simulated time; and with it on the local stack.

const tasks = Number(process.env['BENCH_TASKS'] ?? 200);
const running = 5;

/** Measures and prints; returns the rows. */
export async function benchQueue(): Promise<readonly object[]> {
  const simulated = await simulateAll();
  printTable(`${tasks} tasks of one account and one of another, simulated time`, simulated);
  const measured = await benchQueueOnStack({ tasks, running });
  printTable('The same on the local stack', measured);
  return [...simulated, ...measured];
}

// In simulated time: the functions of the workflow and of the queue, with calls that take some milliseconds.

const ways = [
  { queue: 'without', webhooks: false, capacity: { running: 10_000 } },
  { queue: 'without', webhooks: true, capacity: { running: 10_000 } },
  { queue: 'with', webhooks: false, capacity: { running } },
  { queue: 'with, one ahead', webhooks: false, capacity: { running, ahead: 1 } },
  { queue: 'with', webhooks: true, capacity: { running } },
  { queue: 'with, one ahead', webhooks: true, capacity: { running, ahead: 1 } },
];

async function simulateAll(): Promise<readonly Readonly<Record<string, string | number>>[]> {
  const rows = [];
  for (const way of ways) rows.push(await simulate(way));
  return rows;
}

async function simulate({ queue, webhooks, capacity }: (typeof ways)[number]) {
  const durations = lognormal(tasks + 1);
  let next = 0;
  const found = await simulateQueue({
    ...calm,
    webhooks,
    capacities: [{ at: 0, capacity: { ...capacity, submitsPerSecond: 5 } }],
    jobMs: () => {
      next += 1;
      return 1000 * (durations[next - 1] ?? 0);
    },
    arrivals: [
      ...Array.from({ length: tasks }, (_, index) => ({ at: 10 * index, account: 'busy' })),
      { at: 120_000, account: 'other' },
    ],
  });
  const late = found.tasks.filter(isPastDeadline).length;
  const other = found.tasks.at(-1);
  const doneMs = other && 'finishedAt' in other ? other.finishedAt - other.createdAt : 0;
  return {
    queue,
    provider: webhooks ? 'webhook' : 'polling',
    'in time': tasks + 1 - late,
    'past the deadline': late,
    'provider busy': found.utilisation.toFixed(3),
    'other account: served before it': queue === 'without' ? '–' : found.handedBefore(tasks),
    'other account: ends after': `${(doneMs / 1000).toFixed(0)} s`,
  };
}

const isPastDeadline = (task: object): boolean =>
  'failure' in task && JSON.stringify(task.failure).includes('generation_timeout');

const calm: Omit<SimulationOptions, 'arrivals' | 'capacities' | 'jobMs' | 'webhooks'> = {
  seed: 1,
  provider: { running, queues: true },
  crash: 0,
  lostWakes: 0,
  doubleWakes: 0,
  repeatedWrites: 0,
  skewMs: 0,
  secondExecutions: 0,
  lostEnds: 0,
  slowCalls: 0,
  withReconciler: true,
  until: 6 * 60 * 60 * 1000,
};
