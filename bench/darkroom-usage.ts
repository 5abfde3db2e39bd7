import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { functionsOf } from '../local/aws/template/read-functions.ts';
import { tablesOf } from '../local/aws/template/read-tables.ts';
import { type DarkroomDesign, openDarkroom } from './darkroom-stack.ts';
import { type Meter, startMeter } from './dynamodb-meter.ts';
import { type FunctionRuns, gigabyteSeconds, runsOf, typical } from './function-runs.ts';
import type { Usage } from './prices.ts';
import { type RecordedRequest, recordRequests } from './recorded-requests.ts';
import { type RunOptions, runTasks, warmUp } from './run-tasks.ts';
import { mean, sum } from './statistics.ts';

/** How often a caller reads the status while waiting, although there will be a callback. */
const statusReads = 3;
/** The bytes that AWS logs by itself: START, END and REPORT of an invocation, and a line of the access log. */
const logBytes = { invocation: 320, apiRequest: 300 };

/** How much one task needs of the services whose quotas limit the number of tasks. */
type TaskLoad = {
  /** Seconds that functions run. At one task a second, so many functions run at the same time. */
  readonly lambdaSeconds: number;
  /** The part of the gigabyte-seconds in which a function of the workflow waits for the servers of others. */
  readonly waitingGigabyteSeconds: number;
  /** Calls of Step Functions by operation. */
  readonly stepFunctions: ReadonlyMap<string, number>;
  /** Write units by table and index. */
  readonly writeUnits: ReadonlyMap<string, number>;
  /** Submits and polls. */
  readonly providerCalls: number;
};

export type MeasuredTask = { readonly usage: Usage; readonly load: TaskLoad };

/** Measures what a Darkroom task uses, counted at the local services. */
export async function measureDarkroom(
  outdir: string,
  provider: Parameters<typeof openDarkroom>[2],
  options: RunOptions,
): Promise<MeasuredTask> {
  const darkroom = await openDarkroom(outdir, options.speed, provider);
  const requests = recordRequests();
  const meter = await startMeterFor(darkroom);
  try {
    return await measure(darkroom, meter, requests, options);
  } finally {
    requests.close();
    await darkroom.close();
    await meter.close();
  }
}

// Puts the meter between the functions and the database. Functions that start from now on use it.
async function startMeterFor({ stack }: DarkroomDesign): Promise<Meter> {
  const { context, dynamoDb: client, environment } = stack;
  const url = environment['AWS_ENDPOINT_URL_DYNAMODB'] ?? '';
  const meter = await startMeter({ url, client, tables: tablesOf(context) });
  Object.assign(environment, { AWS_ENDPOINT_URL_DYNAMODB: meter.url });
  stack.lambda.recycle();
  stack.schedules.close(); // the cost of the reconciler does not depend on the number of tasks
  return meter;
}

async function measure(
  darkroom: DarkroomDesign,
  { units }: Meter,
  requests: ReturnType<typeof recordRequests>,
  options: RunOptions,
): Promise<MeasuredTask> {
  const { stack } = darkroom;
  await warmUp(darkroom);
  units.write.clear();
  units.read = 0;
  requests.forget();
  const logsBefore = logSize(stack.dataDir);
  const { histories, timelines, providerCalls } = await runTasks(
    withStatusReads(darkroom),
    options,
  );

  const memoryMb = memoryOf(darkroom);
  const states = runsOf(histories);
  // The mock provider has the same address, below a path of its own.
  const mockPath = new URL(stack.mockProvider.url).pathname;
  const requestsByRoute = Map.groupBy(
    requests.requestsTo(stack.url).filter(({ path }) => !path.startsWith(mockPath)),
    routeOf,
  );
  const routes = [...requestsByRoute.values()].map((all) =>
    typical(all.map(({ milliseconds }) => milliseconds)),
  );
  const apiMemoryMb = memoryMb('CreateTask');
  const waiting = states.map(({ state, count, internetMs }) =>
    gigabyteSeconds({ count, typicalMs: internetMs }, memoryMb(state)),
  );
  const s3Requests = requests.requestsTo(stack.environment['AWS_ENDPOINT_URL_S3'] ?? '');
  const stepFunctions = Map.groupBy(
    requests.requestsTo(stack.environment['AWS_ENDPOINT_URL_SFN'] ?? ''),
    ({ operation }) => operation,
  );
  const apiRequests = sum(routes.map(({ count }) => count));
  const invocations = apiRequests + sum(states.map(({ count }) => count));
  const loggedBytes = logSize(stack.dataDir) - logsBefore;
  const perTask = (total: number) => total / options.durations.length;
  const usage = {
    transitions: mean(timelines.map(({ transitions }) => transitions)),
    invocations: perTask(invocations),
    gigabyteSeconds: perTask(
      sum([
        ...states.map((runs) => gigabyteSeconds(runs, memoryMb(runs.state))),
        ...routes.map((runs) => gigabyteSeconds(runs, apiMemoryMb)),
      ]),
    ),
    writeUnits: perTask(sum([...units.write.values()])),
    readUnits: perTask(units.read),
    puts: perTask(s3Requests.filter(({ method }) => /^(PUT|POST)$/.test(method)).length),
    gets: perTask(s3Requests.filter(({ method }) => /^(GET|HEAD)$/.test(method)).length),
    apiRequests: perTask(apiRequests),
    logKilobytes:
      perTask(loggedBytes + invocations * logBytes.invocation + apiRequests * logBytes.apiRequest) /
      1024,
  };
  const load = {
    lambdaSeconds: perTask(sum([...states, ...routes].map(secondsOf))),
    waitingGigabyteSeconds: perTask(sum(waiting)),
    stepFunctions: new Map(
      [...stepFunctions].map(([operation, all]) => [operation, perTask(all.length)]),
    ),
    writeUnits: new Map([...units.write].map(([name, all]) => [name, perTask(all)])),
    providerCalls,
  };
  return { usage, load };
}

const secondsOf = ({ count, typicalMs }: FunctionRuns): number => (count * typicalMs) / 1000;

const withStatusReads = (darkroom: DarkroomDesign): DarkroomDesign => ({
  ...darkroom,
  async start(request) {
    const id = await darkroom.start(request);
    for (let read = 0; read < statusReads; read += 1) {
      await darkroom.stack.call('GET', `/v1/tasks/${id}`);
    }
    return id;
  },
});

const routeOf = ({ method, path }: RecordedRequest): string =>
  [method, ...path.split('/').slice(1, 3)].join(' ');

function memoryOf({ stack }: DarkroomDesign): (name: string) => number {
  const functions = functionsOf(stack.context);
  return (name) => {
    const entry = name.replace(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
    const found = functions.find(({ description }) => description?.endsWith(`/${entry}`));
    if (!found) throw new Error(`There is no function ${entry}`);
    return found.memoryMb;
  };
}

const logSize = (dataDir: string): number =>
  sum(readdirSync(join(dataDir, 'logs')).map((file) => statSync(join(dataDir, 'logs', file)).size));
