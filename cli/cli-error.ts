import { getSystemErrorMessage } from 'node:util';
import { toSingleLine } from './terminal.ts';

/** What an HTTP error of the API said: its status, and its code and the field to blame if it had them. */
type ApiError = {
  readonly status: number;
  readonly code?: string | undefined;
  readonly param?: string | undefined;
};

type Options = ErrorOptions & {
  readonly exitCode?: number;
  readonly apiError?: ApiError | undefined;
};

/** An error for the person at the terminal: one line, and the exit code that goes with it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  readonly apiError: ApiError | undefined;

  constructor(message: string, { exitCode = 1, apiError, ...options }: Options = {}) {
    super(toSingleLine(message), options);
    this.exitCode = exitCode;
    this.apiError = apiError;
  }
}

/** The command was called in a way that cannot work. */
export const usageError = (message: string): CliError => new CliError(message, { exitCode: 2 });

/** A file system error in plain words: "Cannot read cat.png: no such file or directory". */
export function fileError(what: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error && 'errno' in thrown && typeof thrown.errno === 'number')) {
    return thrown;
  }
  return new CliError(`${what}: ${getSystemErrorMessage(thrown.errno)}`, { cause: thrown });
}

/** The API refused with this error code. */
export const hasErrorCode = (thrown: unknown, code: string): thrown is CliError =>
  thrown instanceof CliError && thrown.apiError?.code === code;

/** Adds advice to an error after which nobody knows whether the request took effect. */
export const adviseIfUnknown =
  (advice: string) =>
  (thrown: unknown): never => {
    if (!(thrown instanceof CliError) || isDefinite(thrown)) throw thrown;
    throw new CliError(`${thrown.message}; ${advice}`, { cause: thrown });
  };

// After a 4xx nothing was done. After a 5xx, or without a response, it may have been.
const isDefinite = ({ apiError }: CliError): boolean => (apiError?.status ?? 500) < 500;
