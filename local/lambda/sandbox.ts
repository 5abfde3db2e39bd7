import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { Ahead } from '../clock.ts';
import type { FunctionDefinition } from '../template/read-functions.ts';
import { failure, type InvokeAnswer } from './invoke-answer.ts';
import type { LogSink } from './log-sink.ts';
import { guard, type Watch } from './watch.ts';
import type { WorkerEvent, WorkerMessage, WorkerStart } from './worker-messages.ts';

export type SandboxEvent = Pick<WorkerEvent, 'requestId' | 'payload'>;

/** One warm copy of a function: sees one event at a time and keeps its module state in between. */
export type Sandbox = {
  run(event: SandboxEvent): Promise<InvokeAnswer>;
  isAlive(): boolean;
  close(): Promise<void>;
};

type Options = {
  readonly definition: FunctionDefinition;
  readonly environment: Readonly<Record<string, string>>;
  readonly logs: LogSink;
  /** Decides at every outgoing call whether the function survives it. */
  readonly watch?: Watch | undefined;
  /** The clock it lives by, if that is not the machine's. */
  readonly ahead?: Ahead | undefined;
};

// Lambda allows 10 s; a laptop may be starting all functions at once.
const initSeconds = 30;

export function sandbox({ definition, environment, logs, watch, ahead }: Options): Sandbox {
  const kill = () => void end(exited(requestId, 'signal: killed'));
  const guarded = watch && guard(watch, definition, kill);
  const worker = startWorker(definition, environment, { gate: guarded?.gate, ahead });
  keepLines(worker.stdout, definition.name, logs);
  keepLines(worker.stderr, definition.name, logs);

  const loaded = Promise.withResolvers<void>();
  let current = Promise.withResolvers<InvokeAnswer>();
  let requestId = '';
  let isAlive = true;

  const end = (answer: InvokeAnswer) => {
    isAlive = false;
    current.resolve(answer);
    loaded.resolve();
    return worker.terminate();
  };
  const endAfter = (seconds: number) =>
    setTimeout(() => void end(timedOut(requestId, seconds)), seconds * 1000);

  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'ready') loaded.resolve();
    else if (message.kind === 'returned') current.resolve(returned(message.payload));
    else if (message.kind !== 'threw') guarded?.hear(message);
    else if (message.isFatal) void end(message.answer);
    else current.resolve(message.answer);
  });
  worker.on('error', (error) => void end(exited(requestId, String(error))));
  worker.on('exit', (code) => void end(exited(requestId, `exit status ${code}`)));

  return {
    isAlive: () => isAlive,
    close: async () => void (await end(exited(requestId, 'shut down'))),
    async run(event) {
      current = Promise.withResolvers();
      requestId = event.requestId;
      guarded?.begin(event.payload);
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
  { gate, ahead }: Pick<WorkerStart, 'gate' | 'ahead'>,
): Worker {
  const { directory, handler, name, arn, memoryMb } = definition;
  const workerData: WorkerStart = {
    directory,
    handler,
    functionName: name,
    functionArn: arn,
    memoryMb,
    ...{ gate, ahead },
  };
  return new Worker(new URL('./worker.ts', import.meta.url), {
    workerData,
    env: { ...environment },
    // Nothing of the laptop's own process: neither its flags nor its terminal.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdout: true,
    stderr: true,
  });
}

function keepLines(stream: Readable, source: string, logs: LogSink): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) =>
    logs.write(source, line),
  );
}

const returned = (payload: string): InvokeAnswer => ({ ok: true, payload: JSON.parse(payload) });

const timedOut = (requestId: string, seconds: number): InvokeAnswer =>
  failure(
    'Sandbox.Timedout',
    `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
  );

const exited = (requestId: string, how: string): InvokeAnswer =>
  failure('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited with error: ${how}`);
