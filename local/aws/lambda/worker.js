// @ts-check
// Runs in a worker thread: loads and calls a function as Lambda's Node runtime does.
// JavaScript and not TypeScript: to strip types, every thread would load a compiler of 6 MB of its own.
import { existsSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';

/** @import { WorkerEvent, WorkerMessage, WorkerStart } from './worker-messages.ts' */
/** @typedef {(event: unknown, context: unknown) => unknown} Handler */

/** @type {WorkerStart} */
const start = workerData;
/** @param {WorkerMessage} message */
const send = (message) => parentPort?.postMessage(message);

// A worker's own streams send one chunk and wait until it has been read: what waits is lost when the worker is ended.
// As messages all chunks are on their way when they are written, and before the response.
for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
  Object.defineProperty(process, stream, { value: printing(stream), configurable: true });
}

// The cache saves a third of the time to load a bundle. Portable: it also serves another copy of the assembly.
enableCompileCache({ directory: start.compileCache, portable: true });

const loading = load();
loading.then(
  () => send({ kind: 'ready' }),
  () => send({ kind: 'ready' }), // the first event gets the error as its response
);

parentPort?.on('message', (/** @type {WorkerEvent} */ event) => {
  loading.then(
    (handler) => run(handler, event),
    (thrown) => send(threw(thrown, true)),
  );
});

// Lambda ends the sandbox when something is thrown outside the handler's own promise.
process.on('uncaughtException', (thrown) => send(threw(thrown, true)));
process.on('unhandledRejection', (reason) => {
  send(threw(errorNamed('Runtime.UnhandledPromiseRejection', String(reason)), true));
});

/** @param {'stdout' | 'stderr'} stream */
function printing(stream) {
  const decoder = new StringDecoder();
  return new Writable({
    write(chunk, _, done) {
      send({ kind: 'printed', stream, text: decoder.write(chunk) });
      done();
    },
  });
}

/** @returns {Promise<Handler>} */
async function load() {
  if (start.prelude) (await import(start.prelude.module)).install(start.prelude.data);
  const dot = start.handler.lastIndexOf('.');
  const [module, exported] = [start.handler.slice(0, dot), start.handler.slice(dot + 1)];
  const file = ['.mjs', '.js', '.cjs']
    .map((ending) => join(start.directory, module + ending))
    .find((candidate) => existsSync(candidate));
  if (!file) throw errorNamed('Runtime.ImportModuleError', `Error: Cannot find module '${module}'`);
  const bundle = await import(pathToFileURL(file).href);
  const handler = bundle[exported] ?? bundle.default?.[exported];
  if (typeof handler === 'function') return handler;
  throw errorNamed('Runtime.HandlerNotFound', `${start.handler} is undefined or not exported`);
}

/**
 * @param {Handler} handler
 * @param {WorkerEvent} event
 */
async function run(handler, event) {
  try {
    const returned = await handler(JSON.parse(event.payload), contextOf(event));
    send({ kind: 'returned', payload: JSON.stringify(returned) ?? 'null' });
  } catch (thrown) {
    send(threw(thrown, false));
  }
  // Stores the code that the first event has compiled. Later events compile nothing worth a write.
  flushCompileCache();
}

/** @param {WorkerEvent} event */
const contextOf = ({ requestId, deadlineMs }) => ({
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

/**
 * @param {unknown} thrown
 * @param {boolean} isFatal
 * @returns {WorkerMessage}
 */
function threw(thrown, isFatal) {
  const error = types.isNativeError(thrown)
    ? {
        errorType: thrown.name,
        errorMessage: thrown.message,
        trace: (thrown.stack ?? '').split('\n'),
      }
    : { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  return { kind: 'threw', isFatal, result: { ok: false, ...error } };
}

/**
 * @param {string} name
 * @param {string} message
 */
function errorNamed(name, message) {
  return Object.assign(new Error(message), { name });
}
