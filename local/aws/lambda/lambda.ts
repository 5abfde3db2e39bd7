import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { region } from '../template/physical-names.ts';
import type { FunctionDefinition } from '../template/read-functions.ts';
import { type InvokeResult, invokeFailure, invokeRejection, isThrottled } from './invoke-result.ts';
import { concurrency, payloadRejection, throttled } from './limits.ts';
import type { LogSink } from './log-sink.ts';
import type { PreludeOf } from './prelude.ts';
import { type SandboxEvent, sandbox } from './sandbox.ts';
import {
  type SandboxPool,
  sandboxPool,
  type WarmSandboxes,
  warmSandboxes,
} from './sandbox-pool.ts';
import { type Semaphore, semaphore } from './semaphore.ts';

export type LambdaRunner = {
  find(nameOrArn: string): FunctionDefinition | undefined;
  /**
   * Runs a function. With `async` a failure is retried as AWS retries it, and the result is that of
   * the last attempt. A service that does not wait for its function does not await this promise.
   */
  invoke(nameOrArn: string, payload: unknown, options?: { async?: boolean }): Promise<InvokeResult>;
  /**
   * Replaces the functions. A function that differs from before starts in new sandboxes; invocations that
   * already run are not stopped.
   */
  update(functions: readonly FunctionDefinition[]): void;
  /** Gives all functions new sandboxes: no invocation that begins now finds a warm one. */
  recycle(): void;
  /** Whether no function runs, and none waits for a retry. */
  isIdle(): boolean;
  close(): Promise<void>;
};

/** How many functions run at a time. */
export type LambdaLimits = {
  /**
   * The account's limit, as on AWS: how many invocations may be in progress. The next one is throttled.
   * Functions with reserved concurrency have their own part of it.
   */
  readonly accountConcurrency?: number | undefined;
  /**
   * What this machine can bear: how many sandboxes there may be at a time, running and idle ones
   * together. Further invocations wait. AWS has no such limit.
   */
  readonly maxSandboxes?: number | undefined;
  /** The same for one function, so that a burst of one step does not end the warm sandboxes of all others. */
  readonly maxSandboxesPerFunction?: number | undefined;
  /**
   * The same for the asynchronous invocations of one function. Nobody waits for them, so a burst of events need not
   * take the memory of many sandboxes.
   */
  readonly maxEventsPerFunction?: number | undefined;
  /**
   * How long an invocation may wait for a sandbox. Then it is throttled: its caller has given up by now, and the
   * invocation would only make others wait. The HTTP API gives up after 30 seconds at the latest.
   */
  readonly maxQueueMs?: number | undefined;
  /** How long a sandbox stays when it has nothing to do. */
  readonly maxIdleMs?: number | undefined;
  /** The same after an asynchronous invocation: nobody waits for the next one, so it may begin in a new sandbox. */
  readonly maxEventIdleMs?: number | undefined;
};

type Options = LambdaLimits & {
  readonly functions: readonly FunctionDefinition[];
  /**
   * What a function gets beyond its own environment: credentials, and the services' addresses. Called when a
   * sandbox starts. So a service that invokes functions may start after this runner.
   */
  readonly environment?: (definition: FunctionDefinition) => Readonly<Record<string, string>>;
  readonly logs: LogSink;
  /** Called when a sandbox starts: what it runs before the bundle. */
  readonly prelude?: PreludeOf | undefined;
  /** Divides the waits between the attempts of an asynchronous invocation. */
  readonly speed?: number;
  readonly delay?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

const retryWaitsMs = [60_000, 120_000];
/** A throttled event is tried again after a second, then two, four … up to five minutes. */
const throttledWaitsMs = { first: 1000, longest: 300_000 };
/** When no invocation has ended for this long, one more may run: those that run may be waiting for it. */
const patienceMs = 1000;
/** The same among events: they seldom wait for each other. */
const eventPatienceMs = 30_000;

export function lambdaRunner(options: Options): LambdaRunner {
  const { logs, speed = 1, delay = wait, accountConcurrency = 1000 } = options;
  const { maxSandboxes = 12, maxSandboxesPerFunction = 8, maxIdleMs = 20_000 } = options;
  const { maxQueueMs = 30_000, maxEventsPerFunction = Number.POSITIVE_INFINITY } = options;
  const { maxEventIdleMs = maxIdleMs } = options;
  let functions = options.functions;
  const places = concurrency(() => functions, accountConcurrency);
  const running = semaphore(maxSandboxes, patienceMs);
  const warm = warmSandboxes({ max: maxSandboxes, runningCount: running.held });
  const closing = new AbortController();
  let inProgress = 0;
  const newPool = (definition: FunctionDefinition) => poolOf(definition, options, warm);
  const pools = new Map(functions.map((definition) => [definition, newPool(definition)]));
  /** The pools of functions that have been updated: their last invocations may still run. */
  const retired: SandboxPool[] = [];

  const runningOf = new Map<string, Semaphore>();
  const semaphoreOf = ({ arn }: FunctionDefinition): Semaphore => {
    const own = runningOf.get(arn) ?? semaphore(maxSandboxesPerFunction, patienceMs);
    runningOf.set(arn, own);
    return own;
  };

  const eventsOf = new Map<string, Semaphore>();
  const eventSemaphoreOf = (arn: string): Semaphore => {
    const own = eventsOf.get(arn) ?? semaphore(maxEventsPerFunction, eventPatienceMs);
    eventsOf.set(arn, own);
    return own;
  };

  // A new sandbox takes more of the machine's time than most functions do. So when there are more invocations than
  // places, those with a warm sandbox go first; otherwise each would end the sandbox that the next one needs.
  const runInSandbox = (definition: FunctionDefinition, event: SandboxEvent, idleMs: number) => {
    const queuedAt = performance.now();
    return semaphoreOf(definition).run(() =>
      running.run(
        async () => {
          if (closing.signal.aborted) return shuttingDown;
          if (performance.now() - queuedAt > maxQueueMs)
            return throttled('ConcurrentInvocationLimitExceeded');
          return (await pools.get(definition)?.run(event, idleMs)) ?? notFound(definition.name);
        },
        () => pools.get(definition)?.hasWarm() ?? false,
      ),
    );
  };

  // Looked up for every attempt: a retry runs the function as it is by then.
  const once = async (arn: string, payload: string, idleMs = maxIdleMs) => {
    const definition = find(arn);
    if (!definition) return notFound(arn);
    const requestId = randomUUID();
    const result = await places.run(definition, () =>
      runInSandbox(definition, { requestId, payload }, idleMs),
    );
    if (!result.ok) logs.write(definition.name, logLine('Invoke Error', { requestId, ...result }));
    return result;
  };

  // Lambda keeps a throttled event. A throttle does not count as an attempt.
  const onceNotThrottled = async (
    { arn, maxEventAgeSeconds }: FunctionDefinition,
    payload: string,
  ) => {
    const attempt = () => eventSemaphoreOf(arn).run(() => once(arn, payload, maxEventIdleMs));
    let age = 0;
    let pause = throttledWaitsMs.first;
    let result = await attempt();
    while (isThrottled(result) && age < maxEventAgeSeconds * 1000 && !closing.signal.aborted) {
      await delay(pause / speed, closing.signal);
      age += pause;
      pause = Math.min(2 * pause, throttledWaitsMs.longest);
      result = await attempt();
    }
    return result;
  };

  const withRetries = async (definition: FunctionDefinition, payload: string) => {
    let result = await onceNotThrottled(definition, payload);
    for (const milliseconds of retryWaitsOf(definition)) {
      if (result.ok || closing.signal.aborted) return result;
      await delay(milliseconds / speed, closing.signal);
      result = await onceNotThrottled(definition, payload);
    }
    if (!result.ok) logs.write(definition.name, logLine('Event given up', { ...result, payload }));
    return result;
  };

  const find = (wanted: string) => functions.find((definition) => isNamed(definition, wanted));

  return {
    find,
    async invoke(nameOrArn, payload, { async: isAsync = false } = {}) {
      const definition = find(nameOrArn);
      if (!definition) return notFound(nameOrArn);
      const json = JSON.stringify(payload) ?? '{}';
      const rejection = payloadRejection(json, isAsync);
      if (rejection) return rejection;
      inProgress += 1;
      const result = isAsync ? withRetries(definition, json) : once(definition.arn, json);
      return result.finally(() => {
        inProgress -= 1;
      });
    },
    update(next) {
      functions = next.map(
        (one) => functions.find((known) => isDeepStrictEqual(known, one)) ?? one,
      );
      for (const [definition, pool] of pools) {
        if (functions.includes(definition)) continue;
        pools.delete(definition);
        pool.recycle();
        retired.push(pool);
      }
      for (const definition of functions) {
        if (!pools.has(definition)) pools.set(definition, newPool(definition));
      }
    },
    isIdle: () => inProgress === 0,
    recycle() {
      for (const pool of pools.values()) pool.recycle();
    },
    async close() {
      closing.abort();
      await Promise.all([...pools.values(), ...retired].map((pool) => pool.close()));
      for (const one of [running, ...runningOf.values(), ...eventsOf.values()]) one.releaseAll();
    },
  };
}

const poolOf = (
  definition: FunctionDefinition,
  { environment, logs, prelude }: Options,
  warm: WarmSandboxes,
): SandboxPool =>
  sandboxPool(warm, () => {
    const variables = {
      ...providedByLambda(definition),
      ...definition.environment,
      ...environment?.(definition),
    };
    return sandbox({ definition, environment: variables, logs, preludeOf: prelude });
  });

/** The waits before the retries of an event: those that end before the event is too old. */
function retryWaitsOf({ retryAttempts, maxEventAgeSeconds }: FunctionDefinition) {
  let age = 0;
  return retryWaitsMs.slice(0, retryAttempts).filter((wait) => {
    age += wait;
    return age <= maxEventAgeSeconds * 1000;
  });
}

// The local stack has one version of each function, and no aliases.
const isNamed = ({ name, arn }: FunctionDefinition, wanted: string) =>
  [name, arn].some((known) => wanted === known || wanted === `${known}:$LATEST`);

const shuttingDown = invokeFailure('Runtime.ExitError', 'The local stack is shutting down');

const notFound = (nameOrArn: string) =>
  invokeRejection({ status: 404 }, 'ResourceNotFoundException', `Function not found: ${nameOrArn}`);

// A local stack that shuts down does not wait for a retry in two minutes.
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
  AWS_LAMBDA_LOG_STREAM_NAME: '[$LATEST]local',
  LAMBDA_TASK_ROOT: directory,
  TZ: ':UTC',
  _HANDLER: handler,
});

const logLine = (message: string, details: object) =>
  JSON.stringify({ level: 'ERROR', message, timestamp: new Date().toISOString(), ...details });
