import { type Command, Option } from 'commander';
import { type Status, statuses } from '../../functions/domain/model/task.ts';
import type { ListedTask } from '../api/api.ts';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { parsePastTime } from '../program/arguments.ts';
import { ageColumn, type Column, numberColumn, textColumn } from '../program/format.ts';
import {
  allOption,
  type ListOptions,
  limitOption,
  type PageQuery,
  printList,
} from '../program/list.ts';
import type { Terminal } from '../program/terminal.ts';

// `cancelled` stands for the failed tasks that somebody has cancelled.
const filters = [...statuses, 'cancelled'] as const;

type TasksOptions = ConnectionOptions &
  ListOptions & {
    readonly status?: Status | 'cancelled';
    readonly model?: string;
    readonly text?: string;
    readonly since?: number;
    readonly until?: number;
  };

/** `darkroom tasks`: the latest tasks of the account and how they ended. */
export function addTasks(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('tasks')
      .description('list the tasks of the account, newest first')
      .addOption(new Option('--status <status>', 'only those with this status').choices(filters))
      .option('--model <model>', 'only those of this model')
      .option('--text <text>', 'only those with this text in their prompt')
      .option('--since <time>', 'only those created since then: 2h, 3d, 2026-11-22', (text) =>
        parsePastTime(text, terminal.now()),
      )
      .option('--until <time>', 'only those created before then', (text) =>
        parsePastTime(text, terminal.now()),
      )
      .addOption(limitOption)
      .addOption(allOption),
  ).action(async (options: TasksOptions) => {
    const { status, model, text, since, until } = options;
    const { tasks } = await apiFor(options, terminal);
    const list = {
      fetchPage: (page: PageQuery) =>
        tasks({
          limit: page.limit,
          cursor: page.cursor,
          status,
          model,
          text,
          created_after: since,
          created_before: until,
        }),
      columns: taskColumns,
      emptyText: 'no tasks',
    };
    await printList(list, options, terminal);
  });
}

export const taskColumns: readonly Column<ListedTask>[] = [
  textColumn('id', ({ id }) => id),
  textColumn('status', ({ status }) => status),
  ageColumn('age', ({ created_at }) => created_at),
  {
    ...numberColumn('took', ({ duration }) => duration),
    cell: ({ duration }) => (duration === null ? undefined : `${duration} s`),
  },
  numberColumn('images', ({ result_count }) => result_count),
  numberColumn('credits', ({ credits_used }) => credits_used),
  textColumn('key', ({ key }) => key.name ?? key.id),
  {
    name: 'prompt',
    isText: true,
    cell: ({ prompt_start }) => shorten(prompt_start),
    value: ({ prompt_start }) => prompt_start,
  },
];

const maxCellCharacters = 40;

function shorten(text: string): string {
  const characters = [...text];
  if (characters.length <= maxCellCharacters) return text;
  return `${characters.slice(0, maxCellCharacters - 1).join('')}…`;
}
