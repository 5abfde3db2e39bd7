import { type Command, InvalidArgumentError, Option } from 'commander';
import { statuses } from './answers.ts';
import { apiFor } from './connected.ts';
import { type ConnectionOptions, withConnection } from './connection-options.ts';
import { allOption, type ListOptions, limitOption, printList } from './list.ts';
import { since } from './moment.ts';
import { taskColumns } from './task-columns.ts';
import type { Terminal } from './terminal.ts';

type Options = ConnectionOptions &
  ListOptions & {
    readonly status?: string;
    readonly model?: string;
    readonly since?: number;
  };

/** `darkroom tasks`: what was asked for lately, and what became of it. */
export function addTasks(program: Command, terminal: Terminal): void {
  const moment = (text: string): number => {
    const seconds = since(text, terminal.now());
    if (seconds !== undefined) return seconds;
    throw new InvalidArgumentError('It must be like 2h, 3d or 2026-11-22.');
  };
  withConnection(
    program
      .command('tasks')
      .description('list the tasks of the account, newest first')
      .addOption(new Option('--status <status>', 'only those that are this').choices(statuses))
      .option('--model <model>', 'only those of this model')
      .option('--since <time>', 'only those made since then: 2h, 3d, 2026-11-22', moment)
      .addOption(limitOption)
      .addOption(allOption),
  ).action(async (options: Options) => {
    const { status, model, since: created_after } = options;
    const { tasks } = await apiFor(options, terminal);
    const pages = (slice: Parameters<typeof tasks>[0]) =>
      tasks({ ...slice, status, model, created_after });
    await printList({ pages, columns: taskColumns, nothing: 'no tasks' }, options, terminal);
  });
}
