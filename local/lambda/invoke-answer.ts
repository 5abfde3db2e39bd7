/** What became of an invocation: what the handler returned, or its error by name. */
export type InvokeAnswer =
  | { readonly ok: true; readonly payload: unknown }
  | {
      readonly ok: false;
      readonly errorType: string;
      readonly errorMessage: string;
      readonly trace?: readonly string[] | undefined;
    };

/** Runs a function by its name or ARN. */
export type Invoke = (functionArn: string, payload: unknown) => Promise<InvokeAnswer>;

export const failure = (errorType: string, errorMessage: string): InvokeAnswer => ({
  ok: false,
  errorType,
  errorMessage,
});
