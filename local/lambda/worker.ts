// Runs in a worker thread: what Lambda's Node runtime is to a function.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { liveBy } from '../clock.ts';
import { type Gate, stayAt, waitAt } from './gate.ts';
import { watchCalls } from './outgoing-calls.ts';
import type { WorkerEvent, WorkerMessage, WorkerStart } from './worker-messages.ts';

type Handler = (event: unknown, context: unknown) => unknown;

const start: WorkerStart = workerData;
const send = (message: WorkerMessage) => parentPort?.postMessage(message);

if (start.ahead) liveBy(start.ahead);
if (start.gate) standAt(start.gate);
const loading = load();
loading.then(
  () => send({ kind: 'ready' }),
  () => send({ kind: 'ready' }), // the first event hears what went wrong
);

parentPort?.on('message', (event: WorkerEvent) => {
  loading.then(
    (handler) => run(handler, event),
    (thrown: unknown) => send(threw(thrown, true)),
  );
});

// Lambda ends the sandbox when something is thrown outside the handler's own promise.
process.on('uncaughtException', (thrown) => send(threw(thrown, true)));
process.on('unhandledRejection', (reason) => {
  send(threw(named('Runtime.UnhandledPromiseRejection', String(reason)), true));
});

// The bundle finds its calls watched from its first line on.
function standAt(gate: Gate): void {
  watchCalls({
    calling: (call) => waitAt(gate, () => send({ kind: 'calling', call })),
    called: () => stayAt(gate, () => send({ kind: 'called' })),
  });
}

async function load(): Promise<Handler> {
  const dot = start.handler.lastIndexOf('.');
  const [module, exported] = [start.handler.slice(0, dot), start.handler.slice(dot + 1)];
  const file = ['.mjs', '.js', '.cjs']
    .map((ending) => join(start.directory, module + ending))
    .find((candidate) => existsSync(candidate));
  if (!file) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${module}'`);
  const bundle = await import(pathToFileURL(file).href);
  const handler = bundle[exported] ?? bundle.default?.[exported];
  if (typeof handler === 'function') return handler;
  throw named('Runtime.HandlerNotFound', `${start.handler} is undefined or not exported`);
}

async function run(handler: Handler, event: WorkerEvent): Promise<void> {
  try {
    const returned = await handler(JSON.parse(event.payload), contextOf(event));
    send({ kind: 'returned', payload: JSON.stringify(returned) ?? 'null' });
  } catch (thrown) {
    send(threw(thrown, false));
  }
}

const contextOf = ({ requestId, deadlineMs }: WorkerEvent) => ({
  awsRequestId: requestId,
  functionName: start.functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: start.functionArn,
  memoryLimitInMB: String(start.memoryMb),
  logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'],
  logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
});

function threw(thrown: unknown, isFatal: boolean): WorkerMessage {
  const answer = types.isNativeError(thrown)
    ? {
        errorType: thrown.name,
        errorMessage: thrown.message,
        trace: (thrown.stack ?? '').split('\n'),
      }
    : { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  return { kind: 'threw', isFatal, answer: { ok: false, ...answer } };
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
