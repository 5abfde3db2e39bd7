import type { InvokeResult } from '../lambda/invoke-result.ts';

/** An error for Retry and Catch: they match `name`, and `message` becomes the Cause. */
export class TaskFailure extends Error {
  override readonly name: string;
  /** Not even States.ALL matches an error that is final. */
  readonly isFinal: boolean;

  constructor(name: string, cause = '', { final = false } = {}) {
    super(cause);
    this.name = name;
    this.isFinal = final;
  }

  /** The same error. The cause of a runtime error, which is the machine's own fault, also names the state. */
  inState(name: string, enteredEventId: number): TaskFailure {
    if (this.name !== runtimeError || this.message.startsWith('An error occurred')) return this;
    return runtimeFailure(
      `An error occurred while executing the state '${name}' (entered at the event id #${enteredEventId}). ${this.message}`,
    );
  }
}

export const timeoutError = 'States.Timeout';
/** The error of a state whose function has shown no sign of life for too long. */
export const heartbeatTimeoutError = 'States.HeartbeatTimeout';
/** Whether this is the error of a state that was not done in time. */
export const isTimeout = (name: string): boolean =>
  name === timeoutError || name === heartbeatTimeoutError;
const runtimeError = 'States.Runtime';

/** The error of a machine that does not fit its data, as a path that leads nowhere. */
export const runtimeFailure = (cause: string) =>
  new TaskFailure(runtimeError, cause, { final: true });

/** The failure of the states that are left at once. */
export const abandoned = () => new TaskFailure('Abandoned', '', { final: true });

// The largest output of a state, in bytes of JSON.
const maxBytes = 256 * 1024;

/** The failure of a state whose output is too large. */
export const sizeFailure = (output: unknown): TaskFailure | undefined =>
  Buffer.byteLength(JSON.stringify(output)) <= maxBytes
    ? undefined
    : new TaskFailure('States.DataLimitExceeded', `The output is larger than ${maxBytes} bytes.`, {
        final: true,
      });

/**
 * The error of a function keeps its name, and its error report is the Cause. That is also true for
 * `Sandbox.Timedout`, the error of a function that exceeded its own timeout.
 */
export const lambdaFailure = ({
  errorType,
  errorMessage,
  trace,
  rejection,
}: Extract<InvokeResult, { ok: false }>) =>
  new TaskFailure(
    // An exception of Lambda itself, such as Lambda.TooManyRequestsException, has the service's name.
    rejection ? `Lambda.${errorType}` : errorType || 'Lambda.Unknown',
    JSON.stringify({ errorType, errorMessage, ...(trace && { trace }) }),
  );
