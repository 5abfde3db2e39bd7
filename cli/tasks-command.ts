import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ListedTask, statuses } from './answers.ts';
import { darkroomApi, type TaskQuery } from './api.ts';
import { connection } from './connection.ts';
import { type ConnectionOptions, keyOption, urlOption } from './connection-options.ts';
import { sender } from './send.ts';
import { since } from './since.ts';
import { taskLines, taskTable } from './task-table.ts';

type Options = ConnectionOptions & {
  readonly status?: string;
  readonly model?: string;
  readonly since?: number;
  readonly limit?: number;
  readonly all?: true;
  readonly json?: true;
};

/** `darkroom tasks`: what was asked for lately, and what became of it. */
export function addTasks(program: Command): void {
  program
    .command('tasks')
    .description('list the tasks of the account, newest first')
    .addOption(new Option('--status <status>', 'only those that are this').choices(statuses))
    .option('--model <model>', 'only those of this model')
    .option('--since <time>', 'only those made since then: 2h, 3d, 2026-11-22', moment)
    .option('--limit <count>', 'how many, 1 to 100 (default: 20); with --all, at a time', count)
    .option('--all', 'all of them')
    .addOption(urlOption)
    .addOption(keyOption)
    .option('--json', 'print them as JSON')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { status, model, since: created_after, all = false, json } = options;
  const where = await connection(options, { env: process.env, directory: process.cwd() });
  const { tasks: page } = darkroomApi({ ...where, send: sender() });
  const limit = options.limit ?? (all ? 100 : 20);
  const { tasks, hasMore } = await list(page, { limit, status, model, created_after }, all);
  if (json) console.log(JSON.stringify(tasks));
  else print(tasks);
  if (hasMore) process.stderr.write('there are more: --all lists them all\n');
}

async function list(
  page: ReturnType<typeof darkroomApi>['tasks'],
  query: TaskQuery,
  all: boolean,
): Promise<{ readonly tasks: readonly ListedTask[]; readonly hasMore: boolean }> {
  const tasks: ListedTask[] = [];
  let cursor: string | undefined;
  // A page of rare ones may be short, even empty, and its cursor leads on all the same.
  do {
    const limit = all ? query.limit : query.limit - tasks.length;
    const { data, next_cursor } = await page({ ...query, limit, cursor });
    tasks.push(...data);
    cursor = next_cursor || undefined;
  } while (cursor && (all || tasks.length < query.limit));
  return { tasks, hasMore: cursor !== undefined };
}

function print(tasks: readonly ListedTask[]): void {
  const text = process.stdout.isTTY ? taskTable(tasks, Date.now()) : taskLines(tasks);
  if (text) console.log(text);
}

function moment(text: string): number {
  const seconds = since(text, Date.now());
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError('It must be like 2h, 3d or 2026-11-22.');
}

function count(text: string): number {
  if (/^([1-9]\d?|100)$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 to 100.');
}
