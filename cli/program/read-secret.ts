import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CliError, usageError } from './cli-error.ts';
import { exitCodeOfSignal } from './exit-codes.ts';

type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

const sigint = 2;

/**
 * Reads a secret: from a person, who does not see what he types, or the first line of what is piped in.
 * @throws {CliError} when there is none
 */
export async function readSecret(
  prompt: string,
  input: Input = process.stdin,
  screen: { write(text: string): unknown } = process.stderr,
): Promise<string> {
  const typed = input.isTTY ? await ask(prompt, input, screen) : firstLine(await text(input));
  const secret = typed.trim();
  if (secret) return secret;
  throw usageError('No key: type it, or pipe it in');
}

const firstLine = (piped: string): string => piped.split('\n')[0] ?? '';

function ask(
  prompt: string,
  input: Input,
  screen: { write(text: string): unknown },
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  screen.write(prompt);
  // readline lets the person edit the line, and writes what it would show to a stream that drops it.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  lines.once('line', resolve);
  lines.once('SIGINT', () =>
    reject(new CliError('interrupted', { exitCode: exitCodeOfSignal(sigint) })),
  );
  lines.once('close', () => resolve('')); // Ctrl-D
  return promise.finally(() => {
    lines.close();
    screen.write('\n');
  });
}
