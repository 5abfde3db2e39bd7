import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { functionsOf } from '../local/template/read-functions.ts';
import { tablesOf } from '../local/template/read-tables.ts';
import { type Meter, startMeter } from './dynamodb-meter.ts';
import { gigabyteSeconds, runsOf, typical } from './lambda-time.ts';
import { type Ours, openOurs } from './ours.ts';
import type { Usage } from './prices.ts';
import { listenIn, type Served } from './requests.ts';
import { runTasks, warm } from './run-tasks.ts';
import { mean, sum } from './statistics.ts';

type Run = {
  readonly durations: readonly number[];
  readonly atOnce: number;
  readonly speed: number;
};

/** How often a caller looks while he waits, although he will be called. */
const looks = 3;
/** What AWS writes by itself: START, END and REPORT of an invocation, and our access log's line. */
const logBytes = { invocation: 320, apiRequest: 300 };

/** What a task of ours uses of what is paid by use, counted where the services stand. */
export async function oursMetered(
  outdir: string,
  provider: Parameters<typeof openOurs>[2],
  run: Run,
): Promise<Usage> {
  const ours = await openOurs(outdir, run.speed, provider);
  const requests = listenIn();
  const meter = await meterOf(ours);
  try {
    return await measure(ours, meter, requests, run);
  } finally {
    requests.close();
    await ours.close();
    await meter.close();
  }
}

// Every function that starts from now on finds the meter where the database was.
async function meterOf({ world }: Ours): Promise<Meter> {
  const { context, dynamo: client, environment } = world;
  const url = environment['AWS_ENDPOINT_URL_DYNAMODB'] ?? '';
  const meter = await startMeter({ url, client, tables: tablesOf(context) });
  Object.assign(environment, { AWS_ENDPOINT_URL_DYNAMODB: meter.url });
  world.lambda.renew();
  world.schedules.close(); // the sweep costs the same however many tasks there are
  return meter;
}

async function measure(
  ours: Ours,
  { units }: Meter,
  requests: ReturnType<typeof listenIn>,
  run: Run,
): Promise<Usage> {
  const { world } = ours;
  await warm(ours);
  Object.assign(units, { write: 0, read: 0 });
  requests.forget();
  const logsBefore = logSize(world.dataDir);
  const { histories, journeys } = await runTasks(looking(ours), run);

  const memoryMb = memoryOf(ours);
  const states = [...runsOf(histories)];
  const served = Map.groupBy(requests.servedBy(world.url), routeOf);
  const ofStates = states.map(([state, runs]) => gigabyteSeconds(runs, memoryMb(state)));
  const ofRoutes = [...served.values()].map((all) =>
    gigabyteSeconds(typical(all.map(({ milliseconds }) => milliseconds)), memoryMb('CreateTask')),
  );
  const stored = requests.servedBy(world.environment['AWS_ENDPOINT_URL_S3'] ?? '');
  const apiRequests = sum([...served.values()].map(({ length }) => length));
  const invocations = apiRequests + sum(states.map(([, { count }]) => count));
  const written = logSize(world.dataDir) - logsBefore;
  const each = (total: number) => total / run.durations.length;
  return {
    transitions: mean(journeys.map(({ transitions }) => transitions)),
    invocations: each(invocations),
    gigabyteSeconds: each(sum([...ofStates, ...ofRoutes])),
    writeUnits: each(units.write),
    readUnits: each(units.read),
    puts: each(stored.filter(({ method }) => /^(PUT|POST)$/.test(method)).length),
    gets: each(stored.filter(({ method }) => /^(GET|HEAD)$/.test(method)).length),
    apiRequests: each(apiRequests),
    logKilobytes:
      each(written + invocations * logBytes.invocation + apiRequests * logBytes.apiRequest) / 1024,
  };
}

const looking = (ours: Ours): Ours => ({
  ...ours,
  async start(order) {
    const id = await ours.start(order);
    for (let look = 0; look < looks; look += 1) await ours.world.call('GET', `/v1/tasks/${id}`);
    return id;
  },
});

const routeOf = ({ method, path }: Served): string =>
  [method, ...path.split('/').slice(1, 3)].join(' ');

function memoryOf({ world }: Ours): (name: string) => number {
  const functions = functionsOf(world.context);
  return (name) => {
    const file = name.replace(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
    const found = functions.find(({ description }) => description?.endsWith(`/${file}.ts`));
    if (!found) throw new Error(`There is no function ${file}`);
    return found.memoryMb;
  };
}

const logSize = (dataDir: string): number =>
  sum(readdirSync(join(dataDir, 'logs')).map((file) => statSync(join(dataDir, 'logs', file)).size));
