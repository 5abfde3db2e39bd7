import { Command, CommanderError } from 'commander';
import { CliError, formatError, formatErrorAsJson } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

/** A program that leaves the printing of errors to `runProgram`. Its subcommands inherit that. */
export const createProgram = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });

/** Runs a program. An error becomes an exit code and one line on stderr, which is JSON with `--json`. */
export async function runProgram(program: Command): Promise<void> {
  endWithReader(process.stdout);
  const { exitCode, errorLine } = await runWithArguments(program, process.argv.slice(2));
  process.exitCode = exitCode;
  if (errorLine) process.stderr.write(errorLine);
}

// In `darkroom tasks | head`, head closes the pipe when it has enough. That is no error.
function endWithReader(output: NodeJS.WriteStream): void {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

type Outcome = {
  readonly exitCode: number;
  readonly message: string;
  /** What stands on stderr, with its line break; empty without an error. */
  readonly errorLine: string;
};

/** Runs a program with these arguments and returns how it ended. */
export async function runWithArguments(
  program: Command,
  args: readonly string[],
): Promise<Outcome> {
  try {
    await program.parseAsync(args, { from: 'user' });
    return { exitCode: exitCodes.done, message: '', errorLine: '' };
  } catch (thrown) {
    const error = toCliError(thrown);
    if (!error) return { exitCode: exitCodes.done, message: '', errorLine: '' };
    const { exitCode, message } = error;
    const format = args.includes('--json') ? formatErrorAsJson : formatError;
    return { exitCode, message, errorLine: message ? `${format(error)}\n` : '' };
  }
}

function toCliError(thrown: unknown): CliError | undefined {
  if (thrown instanceof CliError) return thrown;
  if (!(thrown instanceof CommanderError)) return new CliError(String(thrown), { cause: thrown });
  // commander throws after --help and --version too.
  if (thrown.exitCode === 0) return undefined;
  // A command that was called without anything has printed its help already.
  const message = thrown.code === 'commander.help' ? '' : thrown.message.replace(/^error: /, '');
  return new CliError(message, { exitCode: exitCodes.usage });
}
