import { getSystemErrorMessage } from 'node:util';
import { exitCodeOfStatus, exitCodes } from './exit-codes.ts';
import { toSingleLine } from './terminal.ts';

/** An HTTP error of the API: its status, and if it has them, its code and the name of the field that is wrong. */
type ApiError = {
  readonly status: number;
  readonly code?: string | undefined;
  readonly param?: string | undefined;
  /** The id under which the API has logged the request. */
  readonly requestId?: string | undefined;
};

type Options = ErrorOptions & {
  /** From `exitCodes`; by default that of the HTTP status, if there is one. */
  readonly exitCode?: number;
  readonly apiError?: ApiError | undefined;
  /** The API's code for why a task failed. */
  readonly code?: string | undefined;
  /** The task that the error is about. */
  readonly taskId?: string | undefined;
};

/** An error for the person at the terminal: one line, and the exit code that goes with it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  readonly apiError: ApiError | undefined;
  readonly code: string | undefined;
  readonly taskId: string | undefined;

  constructor(message: string, { exitCode, apiError, code, taskId, ...options }: Options = {}) {
    super(toSingleLine(message), options);
    this.exitCode = exitCode ?? (apiError ? exitCodeOfStatus(apiError.status) : exitCodes.local);
    this.apiError = apiError;
    this.code = code ?? apiError?.code;
    this.taskId = taskId;
  }
}

/** The error as a line for a person: the code, the task and the request stand behind the message. */
export function formatError(error: CliError): string {
  const { message, code, taskId, apiError } = error;
  const isOurs = (apiError?.status ?? 0) < 500;
  const parts = [
    code,
    taskId !== undefined && !message.includes(taskId) ? taskId : undefined,
    // The message explains a refused request (4xx). A failed one (5xx) has to be looked up in the log.
    apiError?.requestId === undefined || isOurs ? undefined : `request ${apiError.requestId}`,
  ].filter((part) => part !== undefined);
  const details = parts.length > 0 ? ` (${toSingleLine(parts.join(', '))})` : '';
  return `error: ${message}${details}`;
}

/** The error as JSON for a program. Fields that it does not have are absent. */
export const formatErrorAsJson = (error: CliError): string =>
  JSON.stringify({
    error: {
      message: error.message,
      code: error.code,
      param: error.apiError?.param,
      status: error.apiError?.status,
      request_id: error.apiError?.requestId,
      task_id: error.taskId,
      exit_code: error.exitCode,
    },
  });

/** Ends the command with this exit code and without a message: what is wrong stands in the output already. */
export function endWith(exitCode: number): void {
  if (exitCode !== exitCodes.done) throw new CliError('', { exitCode });
}

/** The command was called in a way that cannot work. */
export const usageError = (message: string): CliError =>
  new CliError(message, { exitCode: exitCodes.usage });

/** A file system error in plain words: "Cannot read cat.png: no such file or directory". */
export function fileError(what: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error && 'errno' in thrown && typeof thrown.errno === 'number')) {
    return thrown;
  }
  return new CliError(`${what}: ${getSystemErrorMessage(thrown.errno)}`, { cause: thrown });
}

/** Whether the API refused a request with this error code. */
export const hasErrorCode = (thrown: unknown, code: string): thrown is CliError =>
  thrown instanceof CliError && thrown.apiError?.code === code;

/** Adds advice to an error after which nobody knows whether the request took effect. */
export const adviseIfUnknown =
  (advice: string) =>
  (thrown: unknown): never => {
    if (!(thrown instanceof CliError) || isDefinite(thrown)) throw thrown;
    const { exitCode, apiError } = thrown;
    throw new CliError(`${thrown.message}; ${advice}`, { exitCode, apiError, cause: thrown });
  };

// After a 4xx nothing was done. After a 5xx, or without a response, the request may have taken effect.
const isDefinite = ({ apiError }: CliError): boolean => (apiError?.status ?? 500) < 500;
