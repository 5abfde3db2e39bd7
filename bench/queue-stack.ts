import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { tablesOf } from '../local/aws/template/read-tables.ts';
import { issueKey } from '../local/local-keys.ts';
import { synthesise } from '../local/synthesise.ts';
import type { TestStack } from '../test/flow/open-stack.ts';
import { type DarkroomDesign, openDarkroom } from './darkroom-stack.ts';
import { lognormal } from './durations.ts';
import { type Meter, startMeter } from './dynamodb-meter.ts';
import { warmUp } from './run-tasks.ts';
import { sum } from './statistics.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

// The queue on the local stack: everything as it is deployed. The times are those that the mock provider records.

/**
 * How many times faster than real time the provider works. Our own functions do not get faster, so their time counts as
 * so many times longer.
 */
const speed = Number(process.env['BENCH_SPEED'] ?? 1);

export type QueueLoad = {
  /** How many tasks the busy account has. */
  readonly tasks: number;
  /** How many jobs the provider runs at once. */
  readonly running: number;
};

type Way = { readonly provider: 'dashscope' | 'evolink'; readonly ahead: number };
/** DashScope must be polled, and queues by itself: one job may wait there. EvoLink sends webhooks. */
const ways: readonly Way[] = [
  { provider: 'dashscope', ahead: 1 },
  { provider: 'evolink', ahead: 0 },
];

/** How often the bench counts the submitted jobs. */
const countIntervalMs = 500;
/** The other account's task comes when so many jobs of the busy one have been submitted. */
const submittedBefore = 20;

/** Measures polling and webhooks at the same time: the bench mostly waits for the provider, whose jobs take real time. */
export const benchQueueOnStack = (load: QueueLoad): Promise<readonly Row[]> =>
  withTemporaryDirectory(async (outdir) => {
    await synthesise(outdir);
    return Promise.all(ways.map((way) => measure(outdir, way, load)));
  });

/**
 * How many functions run at a time and stay warm. With fewer, polls that wait for a free sandbox are entered again, and
 * pile up.
 */
const limits = { maxSandboxes: 40, maxIdleMs: 3_600_000 };

type Row = Readonly<Record<string, string | number>>;

const Usage = z.object({ elapsedMs: z.number(), busyMs: z.number(), throttledSubmits: z.number() });
const State = z.object({
  providers: z.record(z.string(), z.object({ usage: Usage })),
  jobs: z.array(z.object({ prompt: z.string(), submitted_at: z.number() })),
});

async function measure(outdir: string, way: Way, load: QueueLoad): Promise<Row> {
  const { provider, ahead } = way;
  const name = provider === 'dashscope' ? 'DashScopeCapacity' : 'EvoLinkCapacity';
  const darkroom = await openDarkroom(outdir, speed, provider, {
    parameters: { [name]: `running=${load.running},submitsPerSecond=5,ahead=${ahead}` },
    limits,
  });
  const meter = await meterOfQueue(darkroom);
  try {
    await raiseLimits(darkroom);
    const other = await darkroom.stack.withAccount('other');
    await warmUp(darkroom);
    return await measureLoad(darkroom, { meter, other }, { ...way, ...load });
  } finally {
    await darkroom.close();
    await meter.close();
  }
}

/** Puts a meter between the functions and the database. It counts the reads and writes of the rows of the queue. */
async function meterOfQueue({ stack }: DarkroomDesign): Promise<Meter> {
  const { context, dynamoDb: client, environment } = stack;
  const url = environment['AWS_ENDPOINT_URL_DYNAMODB'] ?? '';
  const tables = tablesOf(context).filter(
    ({ TableName }) => TableName === stack.tableWithKey('pk'),
  );
  const meter = await startMeter({ url, client, tables });
  Object.assign(environment, { AWS_ENDPOINT_URL_DYNAMODB: meter.url });
  stack.lambda.recycle();
  return meter;
}

async function raiseLimits({ stack }: DarkroomDesign): Promise<void> {
  const limits = { requests_per_minute: 100_000, tasks_in_flight: 100_000 };
  const authorization = `Bearer ${stack.keys.adminKey}`;
  await stack.call('PATCH', '/v1/admin/accounts/default', { limits }, { authorization });
  await issueKey(stack, { account: 'default', name: 'rich', credits: 10_000 });
}

async function measureLoad(
  darkroom: DarkroomDesign,
  { meter, other }: { readonly meter: Meter; readonly other: Pick<TestStack, 'create'> },
  { provider, ahead, tasks, running }: Way & QueueLoad,
): Promise<Row> {
  const { mockProvider, historyOf } = darkroom;
  mockProvider.control({
    durations: [...lognormal(tasks + 1)],
    capacity: { [provider]: { running, queued: null, submitsPerSecond: 5, queriesPerSecond: 20 } },
  });
  const untilSubmitted = async (count: number) => {
    while ((await jobsOf(darkroom)).length < count) await setTimeout(countIntervalMs);
  };
  const before = { writes: meter.writes(), write: writeUnits(meter), read: meter.units.read };
  const usageNow = async () => (await stateOf(darkroom)).providers[provider]?.usage ?? noUsage;
  const creating = createAll(darkroom, tasks).then(async (ids) => ({
    ids,
    usage: await usageNow(),
  }));
  await untilSubmitted(running);
  await fetch(`${mockProvider.url}/control/usage`, { method: 'DELETE' });
  await untilSubmitted(Math.min(submittedBefore, tasks - 1));
  const created = await createOne(other, requestOf(darkroom, otherName));
  await untilSubmitted(tasks + 1);
  const usage = await usageNow();
  const { ids, usage: usageAtCreated } = await creating;
  const statuses = await endsOf(darkroom, [...ids, created]);
  const jobs = await jobsOf(darkroom);
  const queuedAt = historyOf(created).find(
    ({ type, state }) => type === 'TaskStateEntered' && state === 'AwaitSlot',
  )?.at;
  const own = jobs.find(({ prompt }) => prompt === otherName);
  const submittedAt = own?.submitted_at ?? Number.NaN;
  const enteredAt = queuedAt ?? submittedAt; // a task that did not wait has no such event
  const perTask = (total: number) => (total / statuses.length).toFixed(1);
  return {
    provider: provider === 'dashscope' ? 'polling' : 'webhook',
    ahead,
    completed: statuses.filter((status) => status === 'completed').length,
    failed: statuses.filter((status) => status !== 'completed').length,
    'provider busy': shareOf(usage, running),
    'when all had been created': shareOf(
      {
        busyMs: usage.busyMs - usageAtCreated.busyMs,
        elapsedMs: usage.elapsedMs - usageAtCreated.elapsedMs,
      },
      running,
    ),
    minutes: (usage.elapsedMs / 60_000).toFixed(1),
    'refused submits': usage.throttledSubmits,
    'other account: served before it': jobs.filter(
      ({ submitted_at }) => submitted_at > enteredAt && submitted_at < submittedAt,
    ).length,
    'other account: waits': `${(((submittedAt - enteredAt) * speed) / 1000).toFixed(1)} s`,
    'writes per task': perTask(meter.writes() - before.writes),
    'write units per task': perTask(writeUnits(meter) - before.write),
    'read units per task': perTask(meter.units.read - before.read),
  };
}

const noUsage = { busyMs: 0, elapsedMs: 0, throttledSubmits: 0 };

/** The share of time in which the provider ran as many jobs as it can. */
const shareOf = (
  { busyMs, elapsedMs }: { readonly busyMs: number; readonly elapsedMs: number },
  running: number,
): string => (busyMs / (running * elapsedMs)).toFixed(3);

const otherName = 'bench-other';
const isMeasured = ({ prompt }: { readonly prompt: string }): boolean =>
  prompt.startsWith('bench-');

const writeUnits = ({ units }: Meter): number => sum([...units.write.values()]);

const stateOf = async ({ mockProvider }: DarkroomDesign) =>
  State.parse(await (await fetch(`${mockProvider.url}/control`)).json());

const jobsOf = async (darkroom: DarkroomDesign) =>
  (await stateOf(darkroom)).jobs.filter(isMeasured);

const requestOf = ({ mockProvider }: DarkroomDesign, prompt: string) => ({
  prompt,
  image_urls: [`${mockProvider.url}/sample.jpg`],
  size: '768x768',
});

const attempts = 100;

/** Creates a task, and repeats that with the same idempotency key when there is no good response. */
async function createOne(stack: Pick<TestStack, 'create'>, request: object): Promise<string> {
  const headers = { 'idempotency-key': `bench-${randomUUID()}` };
  for (let attempt = 1; ; attempt += 1) {
    const created = await stack.create(request, headers).catch(() => undefined);
    if (created?.status === 200) return String(created.body.id);
    if (attempt === attempts)
      throw new Error(`The task was refused: ${JSON.stringify(created?.body)}`);
    await setTimeout(200);
  }
}

/** Creates tasks one after the other, because that is enough work for a machine with two processors. */
async function createAll(darkroom: DarkroomDesign, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) {
    ids.push(await createOne(darkroom.stack, requestOf(darkroom, `bench-${number}`)));
  }
  return ids;
}

/** Longer than any job and its callback take. */
const endSeconds = 300;

/** Waits until the tasks have ended. All of them have been submitted by now. Returns their statuses. */
async function endsOf(
  { stack }: DarkroomDesign,
  ids: readonly string[],
): Promise<readonly unknown[]> {
  const statuses = async () =>
    Promise.all(ids.map(async (id) => (await stack.taskItem(id))['status']));
  const until = performance.now() + endSeconds * 1000;
  while (performance.now() < until) {
    const found = await statuses();
    if (found.every((status) => status === 'completed' || status === 'failed')) return found;
    await setTimeout(500);
  }
  return statuses();
}
