import type { Invoke, InvokeResult } from '../lambda/invoke-result.ts';
import type { Attempt } from './attempt.ts';
import type { Details } from './history.ts';
import type { LambdaCall } from './resource.ts';
import {
  heartbeatTimeoutError,
  isTimeout,
  lambdaFailure,
  TaskFailure,
  timeoutError,
} from './task-failure.ts';
import type { TimeScale } from './time-scale.ts';

type TaskRun = {
  readonly call: LambdaCall;
  readonly attempt: Attempt;
  readonly timeoutSeconds: number | undefined;
  /** How long there may be no sign of life. */
  readonly heartbeatSeconds: number | undefined;
};

type Deps = {
  readonly invoke: Invoke;
  readonly timeScale: TimeScale;
  readonly record: (type: string, details: Details) => void;
};

/** Calls the function of one attempt, records its events, and waits until the attempt ends. */
export async function runTask(
  { call, attempt, timeoutSeconds, heartbeatSeconds }: TaskRun,
  deps: Deps,
) {
  const record = (suffix: string, details: Details = {}) =>
    deps.record(`${call.events}${suffix}`, { ...call.details, ...details });
  const failAfter = (seconds: number | undefined, error: string) =>
    seconds === undefined
      ? undefined
      : deps.timeScale.after(seconds, () => attempt.fail(new TaskFailure(error)));
  const cancelTimeout = failAfter(timeoutSeconds, timeoutError);
  let cancelHeartbeatTimeout = failAfter(heartbeatSeconds, heartbeatTimeoutError);
  attempt.onHeartbeat(() => {
    cancelHeartbeatTimeout?.();
    cancelHeartbeatTimeout = failAfter(heartbeatSeconds, heartbeatTimeoutError);
  });
  record('Scheduled', {
    ...call.scheduled,
    timeoutInSeconds: timeoutSeconds,
    heartbeatInSeconds: heartbeatSeconds,
  });
  record('Started');
  const onResult = (result: InvokeResult) => {
    if (attempt.isOver()) return;
    if (!result.ok) return attempt.fail(lambdaFailure(result));
    const output = call.resultOf(result.payload ?? null);
    if (!call.waitsForToken) return attempt.succeed(output);
    record('Submitted', { output: JSON.stringify(output) });
  };
  deps
    .invoke(call.functionArn, call.payload)
    .then(onResult, (error) => attempt.fail(toTaskFailure(error)));
  try {
    const output = await attempt.result;
    record('Succeeded', { output: JSON.stringify(output) });
    return output;
  } catch (error) {
    if (error instanceof TaskFailure) record(...failureEvent(error));
    throw error;
  } finally {
    cancelTimeout?.();
    cancelHeartbeatTimeout?.();
  }
}

const toTaskFailure = (error: unknown) =>
  error instanceof TaskFailure
    ? error
    : new TaskFailure('Lambda.SdkClientException', error instanceof Error ? error.message : '');

const failureEvent = ({ name, message }: TaskFailure): [string, Details] => [
  isTimeout(name) ? 'TimedOut' : 'Failed',
  { error: name, cause: message || undefined },
];
