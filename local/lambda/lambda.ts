import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Ahead } from '../clock.ts';
import { region } from '../template/physical.ts';
import type { FunctionDefinition } from '../template/read-functions.ts';
import { failure, type InvokeAnswer } from './invoke-answer.ts';
import type { LogSink } from './log-sink.ts';
import { sandbox } from './sandbox.ts';
import { type SandboxPool, sandboxPool } from './sandbox-pool.ts';
import { type WarmPlaces, warmPlaces } from './warm-places.ts';
import type { Watch } from './watch.ts';

export type LambdaRunner = {
  find(nameOrArn: string): FunctionDefinition | undefined;
  /**
   * Runs a function. With `async` a failure is tried again as AWS does it; the answer is the last
   * try's. Who plays a service that does not wait for its function, does not await it.
   */
  invoke(nameOrArn: string, payload: unknown, how?: { async?: boolean }): Promise<InvokeAnswer>;
  /** Starts all functions afresh: no invocation that begins now finds a warm sandbox. */
  renew(): void;
  /** Whether no function runs, and none is to be tried again. */
  isIdle(): boolean;
  close(): Promise<void>;
};

type Options = {
  readonly functions: readonly FunctionDefinition[];
  /**
   * What a function gets beyond its own environment: credentials, and where the services are. Asked
   * when a sandbox starts, so the services may be started after the runner they call.
   */
  readonly environment?: (definition: FunctionDefinition) => Readonly<Record<string, string>>;
  readonly logs: LogSink;
  /** Asked when a sandbox starts. Without an answer nothing is watched. */
  readonly watch?: (() => Watch | undefined) | undefined;
  /** The clock that functions live by, if that is not the machine's. */
  readonly ahead?: Ahead | undefined;
  /** Divides the waits between asynchronous tries. */
  readonly speed?: number;
  /** Sandboxes a function may have at a time, unless it reserves its own number. */
  readonly maxConcurrency?: number;
  /** Sandboxes that are kept for later, of all functions together. */
  readonly maxWarm?: number;
  readonly delay?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

const retryWaitsMs = [60_000, 120_000];

export function lambdaRunner(options: Options): LambdaRunner {
  const { functions, logs, speed = 1, delay = wait, maxWarm = 40 } = options;
  const warm = warmPlaces(maxWarm);
  const closing = new AbortController();
  let underWay = 0;
  const pools = new Map(
    functions.map((definition) => [definition, poolOf(definition, options, warm)]),
  );

  const once = async (definition: FunctionDefinition, payload: string) => {
    // Reserving nothing is how a function is switched off.
    if (definition.reservedConcurrency === 0) return throttled;
    const requestId = randomUUID();
    const answer = await pools.get(definition)?.run({ requestId, payload });
    if (!answer) return notFound(definition.name);
    if (!answer.ok) logs.write(definition.name, line('Invoke Error', { requestId, ...answer }));
    return answer;
  };

  const eventually = async (definition: FunctionDefinition, payload: string) => {
    let answer = await once(definition, payload);
    for (const milliseconds of retryWaitsMs.slice(0, definition.retryAttempts)) {
      if (answer.ok || closing.signal.aborted) return answer;
      await delay(milliseconds / speed, closing.signal);
      answer = await once(definition, payload);
    }
    if (!answer.ok) logs.write(definition.name, line('Event given up', { ...answer, payload }));
    return answer;
  };

  const find = (wanted: string) => functions.find((definition) => isMeant(definition, wanted));

  return {
    find,
    async invoke(nameOrArn, payload, { async: isAsync = false } = {}) {
      const definition = find(nameOrArn);
      if (!definition) return notFound(nameOrArn);
      underWay += 1;
      return (isAsync ? eventually : once)(definition, JSON.stringify(payload) ?? '{}').finally(
        () => {
          underWay -= 1;
        },
      );
    },
    isIdle: () => underWay === 0,
    renew() {
      for (const pool of pools.values()) pool.renew();
    },
    async close() {
      closing.abort();
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

function poolOf(definition: FunctionDefinition, options: Options, warm: WarmPlaces): SandboxPool {
  const { environment, logs, watch, ahead, maxConcurrency = 8 } = options;
  return sandboxPool(definition.reservedConcurrency ?? maxConcurrency, warm, () => {
    const given = environment?.(definition);
    const all = { ...providedByLambda(definition), ...definition.environment, ...given };
    return sandbox({ definition, environment: all, logs, watch: watch?.(), ahead });
  });
}

// A version or an alias may follow; on the laptop there is one of each function.
const isMeant = ({ name, arn }: FunctionDefinition, wanted: string) =>
  [name, arn].some((known) => wanted === known || wanted.startsWith(`${known}:`));

const throttled = failure('TooManyRequestsException', 'Rate Exceeded.');

const notFound = (nameOrArn: string) =>
  failure('ResourceNotFoundException', `Function not found: ${nameOrArn}`);

// A laptop that shuts down does not wait for a retry in two minutes.
const wait = (milliseconds: number, signal: AbortSignal) =>
  setTimeout(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);

const providedByLambda = ({ name, memoryMb, handler, directory }: FunctionDefinition) => ({
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: '[$LATEST]laptop',
  LAMBDA_TASK_ROOT: directory,
  TZ: ':UTC',
  _HANDLER: handler,
});

const line = (message: string, details: object) =>
  JSON.stringify({ level: 'ERROR', message, timestamp: new Date().toISOString(), ...details });
