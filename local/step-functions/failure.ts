import type { InvokeAnswer } from '../lambda/invoke-answer.ts';

/** An error as Retry and Catch see it: the engine matches `name`, and `message` becomes the Cause. */
export class TaskFailure extends Error {
  override readonly name: string;
  // The engine asks these two: not even States.ALL matches an error that is final.
  readonly isRetryable: boolean;
  readonly isCatchable: boolean;

  constructor(name: string, cause = '', { final = false } = {}) {
    super(cause);
    this.name = name;
    this.isRetryable = !final;
    this.isCatchable = !final;
  }
}

export const timeout = 'States.Timeout';

export const runtimeFailure = (cause: string) =>
  new TaskFailure('States.Runtime', cause, { final: true });

/**
 * A function's own error keeps its name, and its report is the Cause as it came. That holds for
 * `Sandbox.Timedout` too, the name of a function that ran into its own timeout.
 */
export const lambdaFailure = ({
  errorType,
  errorMessage,
  trace,
}: Extract<InvokeAnswer, { ok: false }>) =>
  new TaskFailure(
    errorType || 'Lambda.Unknown',
    JSON.stringify({ errorType, errorMessage, ...(trace && { trace }) }),
  );
