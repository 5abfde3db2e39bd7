import { Command, CommanderError } from 'commander';
import { CliError } from './cli-error.ts';

/** A program that leaves the printing of errors to `runProgram`. Its subcommands inherit that. */
export const createProgram = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });

/** Runs it. An error becomes one line on stderr and exit code 1, or 2 for wrong usage. */
export async function runProgram(program: Command): Promise<void> {
  const { exitCode, message } = await runWithArguments(program, process.argv.slice(2));
  if (message) process.stderr.write(`error: ${message}\n`);
  process.exitCode = exitCode;
}

type Outcome = { readonly exitCode: number; readonly message: string };

/** Runs it with these arguments and returns how it ended. */
export async function runWithArguments(
  program: Command,
  args: readonly string[],
): Promise<Outcome> {
  try {
    await program.parseAsync(args, { from: 'user' });
    return { exitCode: 0, message: '' };
  } catch (thrown) {
    return toCliError(thrown) ?? { exitCode: 0, message: '' };
  }
}

function toCliError(thrown: unknown): CliError | undefined {
  if (thrown instanceof CliError) return thrown;
  if (!(thrown instanceof CommanderError)) return new CliError(String(thrown), { cause: thrown });
  // commander throws after --help and --version too.
  if (thrown.exitCode === 0) return undefined;
  // A command that was called without anything has printed its help already.
  const message = thrown.code === 'commander.help' ? '' : thrown.message.replace(/^error: /, '');
  return new CliError(message, { exitCode: 2 });
}
