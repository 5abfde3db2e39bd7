import type { Command } from 'commander';
import type { Task } from '../api/api.ts';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { parseTaskId } from '../program/arguments.ts';
import { CliError, endWith } from '../program/cli-error.ts';
import { exitCodes } from '../program/exit-codes.ts';
import { formatTime } from '../program/format.ts';
import { type Terminal, toSingleLine } from '../program/terminal.ts';

type Options = ConnectionOptions & { readonly redeliver?: true };

/** `darkroom callback`: what became of the callback of a task; on request it is sent again. */
export function addCallback(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('callback')
      .description('show what became of the callback of a task, or send it again')
      .argument('<id>', 'the id of the task', parseTaskId)
      .option('--redeliver', 'send it once more, beginning with the first attempt'),
  ).action(async (id: string, options: Options) => {
    const api = await apiFor(options, terminal);
    const print = (callback: Task['callback'], text: string) =>
      terminal.print(options.json ? JSON.stringify(callback) : text);
    if (options.redeliver) {
      const { callback } = await api.redeliver(id);
      print(callback, `on its way again: \`darkroom callback ${id}\` shows what becomes of it`);
      return;
    }
    const callback = callbackOf(await api.task(id));
    print(callback, formatCallback(callback));
    endWith(callback.status === 'undelivered' ? exitCodes.undelivered : exitCodes.done);
  });
}

function callbackOf({ id, callback }: Task): Callback {
  if (callback) return callback;
  throw new CliError(`${id} has no callback: it was created without callback_url`, {
    exitCode: exitCodes.rejected,
    taskId: id,
  });
}

type Callback = NonNullable<Task['callback']>;
type Attempt = NonNullable<Callback['attempts']>[number];

function formatCallback({ url, status, attempt_count, next_attempt_at, attempts = [] }: Callback) {
  const count = `${attempt_count} ${attempt_count === 1 ? 'attempt' : 'attempts'}`;
  const hidden = attempt_count - attempts.length;
  const lines = [
    `${describeStatus(status)}, ${count}: ${url}`,
    ...(hidden > 0 && attempts.length > 0 ? [`the last ${attempts.length} attempts:`] : []),
    ...attempts.flatMap(formatAttempt),
    ...(next_attempt_at === null ? [] : [`next attempt by ${formatTime(next_attempt_at)}`]),
  ];
  return lines.map((line) => toSingleLineKeepingIndent(line)).join('\n');
}

const descriptions: Readonly<Record<Callback['status'], string>> = {
  pending: 'waits for its first attempt',
  retrying: 'not delivered yet, is tried again',
  delivered: 'delivered',
  undelivered: 'given up',
};
// A newer API may have other statuses.
const describeStatus = (status: Callback['status']): string => descriptions[status] ?? status;

function formatAttempt({ at, ms, status, reason, response_text }: Attempt): readonly string[] {
  const outcome = status === null ? 'no answer' : `answered ${status}`;
  const words = `${formatTime(Math.floor(at))}  ${outcome} after ${ms} ms`;
  return [
    `  ${words}${reason ? `: ${reason}` : ''}`,
    ...(response_text ? [`    it said: ${response_text}`] : []),
  ];
}

// A line may have text from the receiver in it.
const toSingleLineKeepingIndent = (line: string): string =>
  `${/^ */.exec(line)?.[0] ?? ''}${toSingleLine(line)}`;
