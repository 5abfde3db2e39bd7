import { Command, CommanderError } from 'commander';
import { CliError } from './cli-error.ts';

/** A command line that leaves what went wrong to `run`. Its subcommands inherit that. */
export const commandLine = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });

/** Runs it. What goes wrong becomes one line on stderr and exit code 1, or 2 for wrong usage. */
export async function run(program: Command): Promise<void> {
  const { exitCode, message } = await outcome(program, process.argv.slice(2));
  if (message) process.stderr.write(`error: ${message}\n`);
  process.exitCode = exitCode;
}

type Outcome = { readonly exitCode: number; readonly message: string };

/** How it ends with these arguments. */
export async function outcome(program: Command, args: readonly string[]): Promise<Outcome> {
  try {
    await program.parseAsync(args, { from: 'user' });
    return { exitCode: 0, message: '' };
  } catch (thrown) {
    return asCliError(thrown) ?? { exitCode: 0, message: '' };
  }
}

function asCliError(thrown: unknown): CliError | undefined {
  if (thrown instanceof CliError) return thrown;
  if (!(thrown instanceof CommanderError)) return new CliError(String(thrown), { cause: thrown });
  if (thrown.exitCode === 0) return undefined;
  // The help is on the screen already when a command was called without anything.
  const message = thrown.code === 'commander.help' ? '' : thrown.message.replace(/^error: /, '');
  return new CliError(message, { exitCode: 2 });
}
