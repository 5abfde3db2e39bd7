import { oneLine } from './one-line.ts';

/** The no of the API: its status, and its own word for the reason. */
type Refusal = { readonly status: number; readonly code?: string | undefined };

type Options = ErrorOptions & {
  readonly exitCode?: number;
  readonly refusal?: Refusal | undefined;
};

/** What went wrong, for the person at the terminal: one line, and the exit code that goes with it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  readonly refusal: Refusal | undefined;

  constructor(message: string, { exitCode = 1, refusal, ...options }: Options = {}) {
    super(oneLine(message), options);
    this.exitCode = exitCode;
    this.refusal = refusal;
  }
}

/** The command was called in a way that cannot work. */
export const usageError = (message: string): CliError => new CliError(message, { exitCode: 2 });

/** Whether the API refused for this reason. */
export const isRefused = (thrown: unknown, code: string): thrown is CliError =>
  thrown instanceof CliError && thrown.refusal?.code === code;

/** Adds what to do to an error after which nobody knows whether it was done. */
export const inDoubt =
  (advice: string) =>
  (thrown: unknown): never => {
    if (!(thrown instanceof CliError) || isClearNo(thrown)) throw thrown;
    throw new CliError(`${thrown.message}; ${advice}`, { cause: thrown });
  };

const isClearNo = ({ refusal }: CliError): boolean => (refusal?.status ?? 500) < 500;
