import { oneLine } from './one-line.ts';

type Options = ErrorOptions & { readonly exitCode?: number };

/** What went wrong, for the person at the terminal: one line, and the exit code that goes with it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, { exitCode = 1, ...options }: Options = {}) {
    super(oneLine(message), options);
    this.exitCode = exitCode;
  }
}

/** The command was called in a way that cannot work. */
export const usageError = (message: string): CliError => new CliError(message, { exitCode: 2 });
