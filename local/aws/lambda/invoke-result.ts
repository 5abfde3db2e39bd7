/** The outcome of an invocation: what the handler returned, or its error by name. */
export type InvokeResult =
  | { readonly ok: true; readonly payload: unknown }
  | {
      readonly ok: false;
      readonly errorType: string;
      readonly errorMessage: string;
      readonly trace?: readonly string[] | undefined;
      /** Only there when Lambda itself has refused the invocation. The function has not run. */
      readonly refusal?: InvokeRefusal | undefined;
    };

export type InvokeRefusal = {
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

/** An invocation that Lambda itself refuses, with the name of its exception. */
export const invokeRefusal = (
  refusal: InvokeRefusal,
  errorType: string,
  errorMessage: string,
): Refused => ({ ok: false, errorType, errorMessage, refusal });

export type Refused = Extract<InvokeResult, { ok: false }> & { readonly refusal: InvokeRefusal };

export const isRefused = (result: InvokeResult): result is Refused =>
  !result.ok && result.refusal !== undefined;

export const isThrottled = (result: InvokeResult): boolean =>
  !result.ok && result.refusal?.reason !== undefined;
