import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FunctionDefinition } from '../template/read-functions.ts';
import { compileCacheOf } from './compile-cache.ts';
import { type InvokeResult, invokeFailure } from './invoke-result.ts';
import { responseFailure } from './limits.ts';
import { type LogSink, lineSplitter } from './log-sink.ts';
import type { Prelude, PreludeOf } from './prelude.ts';
import type { WorkerEvent, WorkerMessage, WorkerStart } from './worker-messages.ts';

export type SandboxEvent = Pick<WorkerEvent, 'requestId' | 'payload'>;

/** One running copy of a function: gets one event at a time and keeps its module state in between. */
export type Sandbox = {
  run(event: SandboxEvent): Promise<InvokeResult>;
  isAlive(): boolean;
  close(): Promise<void>;
};

type Options = {
  readonly definition: FunctionDefinition;
  readonly environment: Readonly<Record<string, string>>;
  readonly logs: LogSink;
  readonly preludeOf?: PreludeOf | undefined;
};

// Lambda allows 10 s; the local stack may be starting all functions at once.
const initSeconds = 30;
// Node takes up to 48 MB for young objects before it collects them. Functions make few.
const maxYoungGenerationSizeMb = 4;

export function sandbox({ definition, environment, logs, preludeOf }: Options): Sandbox {
  const kill = () => void end(exited(requestId, 'signal: killed'));
  const prelude = preludeOf?.(definition, kill);
  const worker = startWorker(definition, environment, prelude);
  const writeLine = (line: string) => logs.write(definition.name, line);
  const output = { stdout: lineSplitter(writeLine), stderr: lineSplitter(writeLine) };

  const loaded = Promise.withResolvers<void>();
  let current = Promise.withResolvers<InvokeResult>();
  let requestId = '';
  let ending: Promise<void> | undefined;

  // The first reason to end it counts, once everything that the function has printed is in its log.
  const end = (result: InvokeResult) => {
    ending ??= worker.terminate().then(() => {
      output.stdout.end();
      output.stderr.end();
      current.resolve(result);
      loaded.resolve();
    });
    return ending;
  };
  const endAfter = (seconds: number) =>
    setTimeout(() => void end(timedOut(requestId, seconds)), seconds * 1000);

  const onMessage = (message: Exclude<WorkerMessage, { kind: 'printed' }>) => {
    if (message.kind === 'ready') loaded.resolve();
    else if (message.kind === 'returned') current.resolve(returned(message.payload));
    else if (message.isFatal) void end(message.result);
    else current.resolve(message.result);
  };
  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'printed') output[message.stream].add(message.text);
    else if (!ending) onMessage(message);
  });
  worker.on('error', (error) => void end(exited(requestId, String(error))));
  worker.on('exit', (code) => void end(exited(requestId, `exit status ${code}`)));

  return {
    isAlive: () => !ending,
    close: () => end(exited(requestId, 'shut down')),
    async run(event) {
      current = Promise.withResolvers();
      requestId = event.requestId;
      prelude?.onEvent?.(event.payload);
      const initialising = endAfter(initSeconds);
      await loaded.promise;
      clearTimeout(initialising);
      const running = endAfter(definition.timeoutSeconds);
      worker.postMessage({ ...event, deadlineMs: Date.now() + definition.timeoutSeconds * 1000 });
      return current.promise.finally(() => clearTimeout(running));
    },
  };
}

function startWorker(
  definition: FunctionDefinition,
  environment: Options['environment'],
  prelude: Prelude | undefined,
): Worker {
  const { directory, handler, name, arn, memoryMb } = definition;
  const workerData: WorkerStart = {
    directory,
    // Node finds compiled code by the path from the cache to the file, in which it has followed all links.
    compileCache: compileCacheOf(dirname(realpathSync(directory))),
    handler,
    functionName: name,
    functionArn: arn,
    memoryMb,
    prelude: prelude && { module: prelude.module.href, data: prelude.data },
  };
  return new Worker(new URL('./worker.js', import.meta.url), {
    workerData,
    transferList: [...(prelude?.transfer ?? [])],
    env: { ...environment },
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb },
    // The worker gets neither the flags nor the terminal of this process.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    // What is printed comes as messages; these streams get nothing.
    stdout: true,
    stderr: true,
  });
}

const returned = (payload: string): InvokeResult =>
  responseFailure(payload) ?? { ok: true, payload: JSON.parse(payload) };

const timedOut = (requestId: string, seconds: number): InvokeResult =>
  invokeFailure(
    'Sandbox.Timedout',
    `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
  );

const exited = (requestId: string, reason: string): InvokeResult =>
  invokeFailure(
    'Runtime.ExitError',
    `RequestId: ${requestId} Error: Runtime exited with error: ${reason}`,
  );
