import type { Failure } from './task.ts';

// The few named errors inside the workflow. The state machine matches on the names, and `infra/` takes them
// from here, so that renaming one breaks the build and not the retry. The name is a literal field, because
// the name of a class does not survive minification. A `logReason` may be logged: it is our own text.

/** The provider said clearly "not now". Nothing was accepted; the submit or the poll may be retried. */
export class ProviderBusy extends Error {
  static readonly code = 'ProviderBusy';
  override readonly name = 'ProviderBusy';
  /** How long the provider asks us to wait, in seconds, if it says so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, { retryAfterSeconds, ...options }: BusyOptions = {}) {
    super(message, options);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

type BusyOptions = ErrorOptions & { readonly retryAfterSeconds?: number | undefined };

/** The provider said clearly "no". `failure` is public. */
export class ProviderRejected extends Error {
  static readonly code = 'ProviderRejected';
  override readonly name = 'ProviderRejected';
  readonly failure: Failure;
  /** Every other task will be rejected too, until the operator takes care of the key, the bill or the model. */
  readonly operatorMustAct: boolean;

  constructor(failure: Failure, { operatorMustAct = false, ...options }: RejectedOptions = {}) {
    super(failure.message, options);
    this.failure = failure;
    this.operatorMustAct = operatorMustAct;
  }
}

type RejectedOptions = ErrorOptions & { readonly operatorMustAct?: boolean };

/** No provider has a slot free for the task: it waits for one. */
export class NoFreeSlot extends Error {
  static readonly code = 'NoFreeSlot';
  override readonly name = 'NoFreeSlot';
}

/** The provider gave no clear response to a submit: it may have been accepted. It is never blindly retried. */
export class SubmitUnknown extends Error {
  static readonly code = 'SubmitUnknown';
  override readonly name = 'SubmitUnknown';
}

/** An input picture cannot be used. `failure` is public. */
export class InputRejected extends Error {
  static readonly code = 'InputRejected';
  override readonly name = 'InputRejected';
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** An input picture cannot be fetched right now; a retry may help. `message` is public. */
export class InputUnavailable extends Error {
  static readonly code = 'InputUnavailable';
  override readonly name = 'InputUnavailable';
}

/** A result picture cannot be fetched right now; a retry may help. The message is our own text only. */
export class ResultUnavailable extends Error {
  static readonly code = 'ResultUnavailable';
  override readonly name = 'ResultUnavailable';
  readonly logReason = this.message;
}

/** The task has failed or ended already, and its outcome is written: the next state is the settlement. */
export class TaskFailed extends Error {
  static readonly code = 'TaskFailed';
  override readonly name = 'TaskFailed';
}

/**
 * A provider has the job and its outcome is not known yet, so the task cannot be settled: the execution ends, and
 * the next one asks the provider.
 */
export class OutcomeMissing extends Error {
  static readonly code = 'OutcomeMissing';
  override readonly name = 'OutcomeMissing';
}

/** A callback attempt did not end with a 2xx. The message is our own text only. */
export class CallbackFailed extends Error {
  static readonly code = 'CallbackFailed';
  override readonly name = 'CallbackFailed';
  readonly logReason = this.message;
}

/** Not a failure: with this error name a waiting state is woken to poll the provider now. */
export const woken = 'Woken';

/** Not a failure: with this error name a waiting state ends, and its cause says when the next polls are. */
export const rescheduled = 'Rescheduled';
