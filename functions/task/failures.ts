import type { Failure } from './task.ts';

// Errors inside the workflow are few and named: the state machine matches on the name, and
// infra/workflow.ts takes it from here, so that renaming one breaks the build and not the retry.
// The name is a literal field, because a class name does not survive minification.

/** The provider said clearly "not now". Nothing was accepted; asking again is allowed. */
export class ProviderBusy extends Error {
  static readonly code = 'ProviderBusy';
  override readonly name = ProviderBusy.code;
}

/** The provider said clearly "no". `failure` is what the caller gets to read. */
export class ProviderRefused extends Error {
  static readonly code = 'ProviderRefused';
  override readonly name = ProviderRefused.code;
  readonly failure: Failure;
  /** Every other task will be refused too, until somebody sees to the key, the bill or the model. */
  readonly operatorMustAct: boolean;

  constructor(failure: Failure, { operatorMustAct = false, ...options }: RefusedOptions = {}) {
    super(failure.message, options);
    this.failure = failure;
    this.operatorMustAct = operatorMustAct;
  }
}

type RefusedOptions = ErrorOptions & { readonly operatorMustAct?: boolean };

/** The provider gave no clear answer to a submit: it may have been accepted. Never tried again blindly. */
export class SubmitUnknown extends Error {
  static readonly code = 'SubmitUnknown';
  override readonly name = SubmitUnknown.code;
}

/** An input picture cannot be used. `failure` is what the caller gets to read. */
export class InputRefused extends Error {
  static readonly code = 'InputRefused';
  override readonly name = InputRefused.code;
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** An input picture cannot be had right now; trying again may help. `message` is public. */
export class InputUnavailable extends Error {
  static readonly code = 'InputUnavailable';
  override readonly name = InputUnavailable.code;
}

/** A result picture cannot be fetched right now; trying again may help. */
export class ResultUnavailable extends Error {
  static readonly code = 'ResultUnavailable';
  override readonly name = ResultUnavailable.code;
}

/** The outcome of the task is written and it is a failure: go to the settlement. */
export class TaskRefused extends Error {
  static readonly code = 'TaskRefused';
  override readonly name = TaskRefused.code;
}

/** A callback attempt did not end with a 2xx. */
export class CallbackRefused extends Error {
  static readonly code = 'CallbackRefused';
  override readonly name = CallbackRefused.code;
}

/** Not a failure: the word by which a waiting state is told to ask the provider now. */
export const woken = 'Woken';
