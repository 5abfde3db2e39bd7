/** The outcome of an invocation: what the handler returned, or its error by name. */
export type InvokeResult =
  | { readonly ok: true; readonly payload: unknown }
  | {
      readonly ok: false;
      readonly errorType: string;
      readonly errorMessage: string;
      readonly trace?: readonly string[] | undefined;
      /** Only there when Lambda itself has rejected the invocation. The function has not run. */
      readonly rejection?: InvokeRejection | undefined;
    };

export type InvokeRejection = {
  /** The status of Lambda's HTTP response. */
  readonly status: number;
  /** Which limit has throttled the invocation. */
  readonly reason?: ThrottleReason;
};

export type ThrottleReason =
  | 'ConcurrentInvocationLimitExceeded'
  | 'ReservedFunctionConcurrentInvocationLimitExceeded';

/** Runs a function by its name or ARN. */
export type Invoke = (functionArn: string, payload: unknown) => Promise<InvokeResult>;

export const invokeFailure = (errorType: string, errorMessage: string) =>
  ({ ok: false, errorType, errorMessage }) as const satisfies InvokeResult;

/** An invocation that Lambda itself rejects, with the name of its exception. */
export const invokeRejection = (
  rejection: InvokeRejection,
  errorType: string,
  errorMessage: string,
): Rejected => ({ ok: false, errorType, errorMessage, rejection });

export type Rejected = Extract<InvokeResult, { ok: false }> & {
  readonly rejection: InvokeRejection;
};

export const isRejected = (result: InvokeResult): result is Rejected =>
  !result.ok && result.rejection !== undefined;

export const isThrottled = (result: InvokeResult): boolean =>
  !result.ok && result.rejection?.reason !== undefined;
