import type { Command } from 'commander';
import * as z from 'zod';
import { parseJson } from '../api/api-caller.ts';
import { findLocalSecret } from '../api/connection.ts';
import { wholeNumberParser } from '../program/arguments.ts';
import { usageError } from '../program/cli-error.ts';
import { formatTime } from '../program/format.ts';
import { watchInterruption } from '../program/interruption.ts';
import { type Terminal, toSingleLine } from '../program/terminal.ts';
import type { ReceivedCallback } from './receive-callbacks.ts';

type Options = { readonly secret?: string; readonly forward?: string; readonly json?: true };

const defaultPort = 8003;

/** `darkroom listen`: receives callbacks on this machine, verifies them and prints them, until Ctrl-C. */
export function addListen(program: Command, terminal: Terminal): void {
  program
    .command('listen')
    .description('receive callbacks on this machine, verify their signatures and print them')
    .argument(
      '[port]',
      `where to listen; 0 takes a free port (default: ${defaultPort})`,
      wholeNumberParser(0, 65_535),
    )
    .option(
      '--secret <secret>',
      'the webhook secret (or DARKROOM_WEBHOOK_SECRET, which no process list shows)',
    )
    .option(
      '--forward <address>',
      'forward verified callbacks to this address, and respond as it does',
    )
    .option('--json', 'print each callback as a line of JSON')
    .action(async (port: number | undefined, options: Options) => {
      const { forward, json } = options;
      if (forward !== undefined && !/^https?:$/.test(URL.parse(forward)?.protocol ?? '')) {
        throw usageError(`${forward} is not an http(s) address`);
      }
      const secret = await findSecret(options, terminal);
      const { receiveCallbacks } = await import('./receive-callbacks.ts');
      using interruption = watchInterruption();
      const format = json ? formatAsJson : formatLine;
      const receiver = await receiveCallbacks({
        port: port ?? defaultPort,
        secret,
        forward,
        onCallback: (received) => terminal.print(format(received, terminal.now())),
      });
      terminal.printNote(`listening at ${receiver.url}: give it as callback_url; Ctrl-C ends this`);
      // A signal is the normal end of this command.
      await interruption.interrupted.catch(() => receiver.close());
    });
}

/**
 * The secret that callbacks are signed with: the one given, that of the environment, or that of the local stack.
 * @throws {CliError} when there is none
 */
export async function findSecret(
  { secret }: { readonly secret?: string | undefined },
  terminal: Terminal,
): Promise<string> {
  const found =
    secret ?? terminal.env['DARKROOM_WEBHOOK_SECRET'] ?? (await findLocalSecret(terminal));
  if (found) return found.trim();
  throw usageError(
    'No webhook secret: give --secret, or set DARKROOM_WEBHOOK_SECRET; `darkroom accounts create` and `rotate-secret` print it',
  );
}

const Event = z.object({
  id: z.string(),
  status: z.string(),
  results: z.array(z.string()).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

function formatLine({ id, problem, body, forwarded }: ReceivedCallback, nowMs: number): string {
  const time = formatTime(Math.floor(nowMs / 1000));
  const words =
    problem === undefined
      ? `${describe(body)}${forwarded === undefined ? '' : `, forwarded: ${forwarded}`}`
      : `refused: ${problem}`;
  return toSingleLine(`${time} ${id || '-'} ${words}`);
}

function describe(body: Buffer): string {
  const event = Event.safeParse(parseJson(body.toString())).data;
  if (!event) return 'verified, but it is not about a task';
  const { id, status, results = [], error } = event;
  const outcome = error ? `${error.message} (${error.code})` : results.join(' ');
  return `${id} ${status}${outcome ? `: ${outcome}` : ''}`;
}

function formatAsJson({ id, problem, body, forwarded }: ReceivedCallback, nowMs: number): string {
  return JSON.stringify({
    received_at: Math.floor(nowMs / 1000),
    webhook_id: id,
    verified: problem === undefined,
    problem,
    forwarded,
    event: parseJson(body.toString()) ?? body.toString(),
  });
}
