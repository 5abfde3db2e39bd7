import { type Command, Option } from 'commander';
import type * as z from 'zod';
import { type Status, statuses } from '../functions/domain/model/task.ts';
import type { TaskError } from '../functions/domain/wire/task-schemas.ts';
import type { DarkroomApi, ListedTask, Task } from './api.ts';
import { parsePastTime, parseTaskId } from './arguments.ts';
import { CliError, hasErrorCode } from './cli-error.ts';
import { apiFor, type ConnectionOptions, withConnectionOptions } from './connection.ts';
import {
  ageColumn,
  type Column,
  type Field,
  formatAge,
  formatFields,
  formatTime,
  numberColumn,
  textColumn,
} from './format.ts';
import { allOption, type ListOptions, limitOption, type PageQuery, printList } from './list.ts';
import { prepareOutputDirectory, saveResults } from './save-results.ts';
import { createSender, type Send } from './send.ts';
import type { Terminal } from './terminal.ts';

type TasksOptions = ConnectionOptions &
  ListOptions & {
    readonly status?: Status;
    readonly model?: string;
    readonly since?: number;
  };

/** `darkroom tasks`: the latest tasks of the account and how they ended. */
export function addTasks(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('tasks')
      .description('list the tasks of the account, newest first')
      .addOption(new Option('--status <status>', 'only those with this status').choices(statuses))
      .option('--model <model>', 'only those of this model')
      .option('--since <time>', 'only those created since then: 2h, 3d, 2026-11-22', (text) =>
        parsePastTime(text, terminal.now()),
      )
      .addOption(limitOption)
      .addOption(allOption),
  ).action(async (options: TasksOptions) => {
    const { status, model, since } = options;
    const { tasks } = await apiFor(options, terminal);
    const list = {
      fetchPage: (page: PageQuery) => tasks({ ...page, status, model, created_after: since }),
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
];

type TaskOptions = ConnectionOptions & { readonly out?: string };

/** `darkroom task`: the state of one task; on request its results are saved again. */
export function addTask(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('task')
      .description('show a task, and save its results if wanted')
      .argument('<id>', 'its id, as `darkroom tasks` lists it', parseTaskId)
      .option('--out <directory>', 'save the results of a completed task there'),
  ).action(async (id: string, options: TaskOptions) => {
    const { out, json } = options;
    const api = await apiFor(options, terminal);
    const task = await api.task(id);
    const send = createSender(terminal);
    const files = out === undefined ? undefined : await saveTask(send, { id, task, out });
    terminal.print(
      json
        ? JSON.stringify({ ...task, files })
        : formatTask(task, { nowMs: terminal.now(), files }),
    );
  });
}

type SavedTask = { readonly id: string; readonly task: Task; readonly out: string };

async function saveTask(send: Send, { id, task, out }: SavedTask): Promise<string[]> {
  if (task.status === 'failed') throw new CliError(`Nothing to save: ${task.error.message}`);
  if (task.status !== 'completed') {
    throw new CliError(`Nothing to save yet: ${id} is ${task.status}`);
  }
  await prepareOutputDirectory(out);
  return saveResults(send, { id, links: task.results, out });
}

type ViewContext = {
  readonly nowMs: number;
  /** Where the results were saved, if they were: printed instead of the links. */
  readonly files?: readonly string[] | undefined;
};

function formatTask(task: Task, { nowMs, files }: ViewContext): string {
  return formatFields([
    ['status', task.status],
    ['progress', `${task.progress}%`],
    ['model', task.model],
    ['created', `${formatTime(task.created)} (${formatAge(task.created, nowMs)} ago)`],
    ['credits', formatCredits(task)],
    ['prompt', task.request.prompt],
    ['key', task.key.name ?? task.key.id],
    ...callbackFields(task),
    ...outcomeFields(task, files),
  ]);
}

function formatCredits({ usage }: Task): string {
  return 'credits_used' in usage ? `${usage.credits_used}` : `${usage.credits_reserved} reserved`;
}

function callbackFields({ callback }: Task): readonly Field[] {
  if (!callback) return [];
  const { status, attempt_count, attempts = [] } = callback;
  const reason = attempts.at(-1)?.reason;
  const count = `${attempt_count} ${attempt_count === 1 ? 'attempt' : 'attempts'}`;
  return [['callback', `${status}, ${count}${reason ? `: ${reason}` : ''}`]];
}

function outcomeFields(task: Task, files: readonly string[] | undefined): readonly Field[] {
  if (task.status === 'failed') return [['error', formatError(task.error)]];
  if (task.status !== 'completed') return [];
  return [
    ...(files ?? task.results).map((where): Field => ['result', where]),
    ...(task.result_errors ?? []).map((error): Field => ['not made', formatError(error)]),
  ];
}

const formatError = ({ code, message }: z.output<typeof TaskError>): string =>
  `${message} (${code})`;

/** `darkroom cancel`: ends a task before it is finished. */
export function addCancel(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('cancel')
      .description('cancel a task that has not ended yet')
      .argument('<id>', 'its id, as `darkroom tasks` lists it', parseTaskId),
  ).action(async (id: string, options: ConnectionOptions) => {
    const task = await cancel(await apiFor(options, terminal), id);
    const state = stateAfterCancel(task);
    terminal.print(options.json ? JSON.stringify(task) : `${id} ${state}`);
  });
}

function stateAfterCancel({ status }: Task): string {
  if (status === 'failed') return 'is cancelled';
  return status === 'pending' ? 'is being cancelled' : 'was cancelled: its provider decides';
}

async function cancel(api: DarkroomApi, id: string): Promise<Task> {
  const task = await api.cancel(id).catch((thrown: unknown) => {
    // Perhaps our first attempt ended it, and only its response was lost.
    if (hasErrorCode(thrown, 'task_ended')) return api.task(id);
    throw thrown;
  });
  if (hasEndedOtherwise(task)) {
    throw new CliError(`Nothing to cancel: ${id} has ended already (${task.status})`);
  }
  return task;
}

const hasEndedOtherwise = (task: Task): boolean =>
  task.status === 'completed' ||
  (task.status === 'failed' && task.error.code !== 'request_cancelled');

/** `darkroom delete`: deletes a task that has ended, with its pictures and results. */
export function addDelete(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('delete')
      .description('delete a task that has ended, with its pictures and results')
      .argument('<id>', 'its id, as `darkroom tasks` lists it', parseTaskId),
  ).action(async (id: string, options: ConnectionOptions) => {
    const api = await apiFor(options, terminal);
    const deleted = await api.deleteTask(id);
    terminal.print(options.json ? JSON.stringify(deleted) : `${id} is deleted`);
  });
}
