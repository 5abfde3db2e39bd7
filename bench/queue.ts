import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { issueKey } from '../local/local-keys.ts';
import { synthesise } from '../local/synthesise.ts';
import { type SimulationOptions, simulateQueue } from '../test/support/queue-simulation.ts';
import { type DarkroomDesign, openDarkroom } from './darkroom-stack.ts';
import { startMeterFor } from './darkroom-usage.ts';
import { lognormal } from './durations.ts';
import { printTable } from './print-table.ts';
import { benchLongQueue } from './queue-rows.ts';
import { warmUp } from './run-tasks.ts';
import { sum } from './statistics.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

// Two hundred tasks of one account, and then one of another, at a provider that takes five jobs at once: with the queue and
// without it, in simulated time and on the local stack.

const tasks = Number(process.env['BENCH_TASKS'] ?? 200);
const speed = Number(process.env['BENCH_SPEED'] ?? 5);
const running = 5;
/** The other account's task comes when this many of the first account have been submitted. */
const submittedBefore = 20;

/** Measures and prints; returns the rows. */
export async function benchQueue(): Promise<readonly object[]> {
  const simulated = await simulateAll();
  printTable(`${tasks} tasks of one account and one of another, simulated time`, simulated);
  const long = await benchLongQueue();
  printTable('The queue with so many waiting tasks', long);
  const measured = await withTemporaryDirectory(async (outdir) => {
    await synthesise(outdir);
    return [
      await unitsOf(outdir),
      await measure(outdir, 'dashscope'),
      await measure(outdir, 'evolink'),
    ];
  });
  const [units = {}, ...runs] = measured;
  printTable(`The same on the local stack, ${speed} times as fast`, runs);
  printTable('Write units on the rows of the queue', [units]);
  return [...simulated, ...long, ...runs, units];
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

// On the local stack: everything as it is deployed, by the clock of the mock provider.

type Provider = Parameters<typeof openDarkroom>[2];

const Usage = z.object({ elapsedMs: z.number(), busyMs: z.number(), throttledSubmits: z.number() });
const State = z.object({
  providers: z.record(z.string(), z.object({ usage: Usage })),
  jobs: z.array(z.object({ prompt: z.string(), submitted_at: z.number() })),
});

const capacityOf = (provider: Provider): Readonly<Record<string, string>> => ({
  [provider === 'dashscope' ? 'DashScopeCapacity' : 'EvoLinkCapacity']:
    `running=${running},ahead=1`,
});

async function openLimited(outdir: string, provider: Provider): Promise<DarkroomDesign> {
  const darkroom = await openDarkroom(outdir, speed, provider, capacityOf(provider));
  const limits = { requests_per_minute: 100_000, tasks_in_flight: 100_000 };
  const authorization = `Bearer ${darkroom.stack.keys.adminKey}`;
  await darkroom.stack.call('PATCH', '/v1/admin/accounts/default', { limits }, { authorization });
  await issueKey(darkroom.stack, { account: 'default', name: 'rich', credits: 10_000 });
  await warmUp(darkroom);
  return darkroom;
}

const stateOf = async ({ mockProvider }: DarkroomDesign) =>
  State.parse(await (await fetch(`${mockProvider.url}/control`)).json());

async function measure(outdir: string, provider: Provider) {
  const darkroom = await openLimited(outdir, provider);
  try {
    return await measureLoad(darkroom, provider);
  } finally {
    await darkroom.close();
  }
}

async function measureLoad(darkroom: DarkroomDesign, provider: Provider) {
  const { mockProvider, stack, historyOf } = darkroom;
  mockProvider.control({
    durations: [...lognormal(tasks + 1)],
    capacity: { [provider]: { running, queued: null } },
  });
  const submittedOf = async () => (await stateOf(darkroom)).jobs.filter(isMeasured);
  const untilSubmitted = async (count: number) => {
    while ((await submittedOf()).length < count) await setTimeout(100);
  };
  const other = await stack.withAccount('other');
  const creating = createAll(darkroom, tasks);
  await untilSubmitted(running);
  await fetch(`${mockProvider.url}/control/usage`, { method: 'DELETE' });
  await untilSubmitted(submittedBefore);
  const created = await createOne(other, requestOf(darkroom, 'bench-other'));
  await untilSubmitted(tasks + 1);
  const state = await stateOf(darkroom);
  const { busyMs, elapsedMs, throttledSubmits } =
    state.providers[provider]?.usage ?? Usage.parse({});
  const ids = [...(await creating), created];
  const statuses = await endsOf(darkroom, ids);
  const queuedAt =
    historyOf(created).find(
      (event) => event.type === 'TaskSubmitted' && event.state === 'AwaitSlot',
    )?.at ?? Number.NaN;
  const submittedAt = state.jobs.find(({ prompt }) => prompt === 'bench-other')?.submitted_at ?? 0;
  const between = state.jobs.filter(
    (job) => isMeasured(job) && job.submitted_at > queuedAt && job.submitted_at < submittedAt,
  );
  return {
    provider: provider === 'dashscope' ? 'polling' : 'webhook',
    completed: statuses.filter((status) => status === 'completed').length,
    failed: statuses.filter((status) => status !== 'completed').length,
    'provider busy': (busyMs / (running * elapsedMs)).toFixed(3),
    'refused submits': throttledSubmits,
    'other account: served before it': between.length,
    'other account: waits': `${(((submittedAt - queuedAt) * speed) / 1000).toFixed(1)} s`,
  };
}

const isMeasured = ({ prompt }: { readonly prompt: string }): boolean =>
  prompt.startsWith('bench-');

const requestOf = ({ mockProvider }: DarkroomDesign, prompt: string) => ({
  prompt,
  image_urls: [`${mockProvider.url}/sample.jpg`],
  size: '768x768',
});

const createsAtOnce = 10;
const attempts = 10;

/** Creates a task; again with the same key when the connection breaks. */
async function createOne(
  stack: Pick<DarkroomDesign['stack'], 'create'>,
  request: object,
): Promise<string> {
  const headers = { 'idempotency-key': `bench-${randomUUID()}` };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { status, body } = await stack.create(request, headers);
      if (status === 200) return String(body.id);
      throw new Error(`The task was refused: ${JSON.stringify(body)}`);
    } catch (error) {
      if (attempt === attempts) throw error;
      await setTimeout(200);
    }
  }
}

/** Waits until the executions of these tasks are over. Returns the statuses of the tasks. */
async function endsOf(
  { stack }: DarkroomDesign,
  ids: readonly string[],
): Promise<readonly unknown[]> {
  while (!ids.every(stack.isExecutionOver)) await setTimeout(500);
  return Promise.all(ids.map(async (id) => (await stack.taskItem(id))['status']));
}

async function createAll(darkroom: DarkroomDesign, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  const numbers = Array(count).keys();
  const work = async () => {
    for (const number of numbers) {
      ids.push(await createOne(darkroom.stack, requestOf(darkroom, `bench-${number}`)));
    }
  };
  await Promise.all(Array.from({ length: createsAtOnce }, work));
  return ids;
}

// Apart from the other runs: who counts the units reads every row before and after a write.

const meteredTasks = 40;

async function unitsOf(outdir: string) {
  const darkroom = await openLimited(outdir, 'dashscope');
  const meter = await startMeterFor(darkroom);
  try {
    await warmUp(darkroom);
    const queueUnits = () =>
      sum([...meter.units.write].flatMap(([name, units]) => (/Queue/.test(name) ? [units] : [])));
    const run = async (count: number, isAtOnce: boolean) => {
      darkroom.mockProvider.control({ seconds: 10, capacity: { dashscope: { running } } });
      const before = queueUnits();
      const batches = isAtOnce ? [count] : Array(count).fill(1);
      for (const size of batches) {
        const ids = await createAll(darkroom, size);
        await endsOf(darkroom, ids);
      }
      return (queueUnits() - before) / count;
    };
    return {
      'a task that finds a slot': (await run(5, false)).toFixed(1),
      [`a task of ${meteredTasks} at once`]: (await run(meteredTasks, true)).toFixed(1),
    };
  } finally {
    await darkroom.close();
    await meter.close();
  }
}
