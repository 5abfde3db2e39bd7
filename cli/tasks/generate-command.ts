import type { Command } from 'commander';
import {
  type ConnectionOptions,
  findConnection,
  withConnectionOptions,
} from '../api/connection.ts';
import { parseDuration, parseIdempotencyKey } from '../program/arguments.ts';
import { CliError } from '../program/cli-error.ts';
import { abortable, watchInterruption } from '../program/interruption.ts';
import { createProgress, type Progress } from '../program/progress.ts';
import type { Terminal } from '../program/terminal.ts';
import { type CreateOptions, requestOf, withCreateOptions } from './create-options.ts';
import { generate, startTask } from './generate.ts';
import { checkNamePattern, nameHelp } from './output-names.ts';
import { printGenerated } from './print-generated.ts';
import type { CreateRequest, Update } from './task-run.ts';

type Options = ConnectionOptions &
  CreateOptions & {
    readonly out: string;
    readonly name?: string;
    readonly fit: boolean;
    readonly async?: true;
    readonly timeout?: number;
    readonly idempotencyKey?: string;
  };

/** `darkroom generate`: uploads pictures, waits for the task and saves its results. */
export function addGenerate(program: Command, terminal: Terminal): void {
  const command = program
    .command('generate')
    .description('generate pictures from one or two pictures, and save them')
    .argument('<picture...>', 'files or http(s) addresses');
  withConnectionOptions(
    withCreateOptions(command)
      .option('--out <directory>', 'where to save them', 'out')
      .option('--name <pattern>', `${nameHelp} (default: {id}-{n})`)
      .option('--no-fit', 'refuse pictures that the API would refuse, instead of changing them')
      .option('--async', 'print the id of the task, and do not wait for it')
      .option('--timeout <time>', 'how long to wait: 90s, 20m, 2h (default: 20m)', parseDuration)
      .option(
        '--idempotency-key <key>',
        'repeats the create that had this key',
        parseIdempotencyKey,
      ),
  ).action(async (pictures: readonly string[], options: Options) => {
    if (options.name !== undefined) checkNamePattern(options.name);
    const request = requestOf(options);
    const connection = await findConnection(options, terminal);
    const progress = createProgress({ isQuiet: options.json === true });
    await run({ pictures, request, options, connection, progress, terminal }).finally(progress.end);
  });
}

type Run = {
  readonly pictures: readonly string[];
  readonly request: CreateRequest;
  readonly options: Options;
  readonly connection: { readonly url: string; readonly key: string };
  readonly progress: Progress;
  readonly terminal: Terminal;
};

async function run({
  pictures,
  request,
  options,
  connection,
  progress,
  terminal,
}: Run): Promise<void> {
  using interruption = watchInterruption();
  const { interrupted, signal } = interruption;
  const { fetch, sleep } = abortable(signal);
  const state: State = { isSent: false };
  const task = {
    url: connection.url,
    key: connection.key,
    pictures,
    request,
    fit: options.fit,
    idempotencyKey: options.idempotencyKey,
    fetch: (...request: Parameters<typeof fetch>) => {
      state.isSent = true;
      return fetch(...request);
    },
    sleep,
    onCreated: (id: string) => {
      state.id = id;
      // With --async the id is the output itself.
      if (!options.async) progress.note(`created ${id}`);
    },
    onProgress: (update: Update) => {
      state.stage = update.stage;
      progress.show(update);
    },
    onNote: progress.note,
  };
  const unlessInterrupted = <T>(work: Promise<T>): Promise<T> =>
    Promise.race([work, interrupted]).catch((thrown: unknown) => {
      throw signal.aborted ? withAdvice(thrown, state) : thrown;
    });

  if (options.async) {
    const { id, status } = await unlessInterrupted(startTask(task));
    progress.end();
    terminal.print(options.json ? JSON.stringify({ id, status }) : id);
    return;
  }
  const generated = await unlessInterrupted(
    generate(
      Object.assign(task, { out: options.out, name: options.name, timeoutMs: options.timeout }),
    ),
  );
  progress.end();
  printGenerated(generated, options, terminal);
}

type State = { isSent: boolean; stage?: Update['stage']; id?: string };

/** Says what became of the task when the command was interrupted. */
function withAdvice(thrown: unknown, { isSent, stage, id }: State): unknown {
  if (!(thrown instanceof CliError)) return thrown;
  const { exitCode } = thrown;
  if (id === undefined) {
    if (!isSent) return thrown;
    return new CliError('interrupted; `darkroom tasks` shows whether the task was created', {
      exitCode,
    });
  }
  const advice =
    stage === 'uploading'
      ? `${id} lacks pictures: \`darkroom cancel ${id}\` gives its credits back`
      : `${id} goes on: \`darkroom wait ${id}\` gets its result, \`darkroom cancel ${id}\` ends it`;
  return new CliError(`interrupted; ${advice}`, { exitCode, taskId: id });
}
