import type { Command } from 'commander';
import type { Task } from '../api/api.ts';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { createSender, type Send } from '../api/send.ts';
import { parseTaskId } from '../program/arguments.ts';
import { CliError, endWith } from '../program/cli-error.ts';
import type { Terminal } from '../program/terminal.ts';
import { saveTask } from './generate.ts';
import { checkNamePattern, nameHelp } from './output-names.ts';
import { prepareOutputDirectory } from './save-results.ts';
import { firstInput } from './task-input.ts';
import { exitCodeOfTask } from './task-run.ts';
import { formatTask } from './task-view.ts';

type TaskOptions = ConnectionOptions & { readonly out?: string; readonly name?: string };

/** `darkroom task`: the state of one task; on request its results are saved again. */
export function addTask(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('task')
      .description('show a task, and save its results if wanted')
      .argument('<id>', 'its id, as `darkroom tasks` lists it', parseTaskId)
      .option('--out <directory>', 'save the results of a completed task there')
      .option('--name <pattern>', `${nameHelp} (default: {id}-{n})`),
  ).action(async (id: string, options: TaskOptions) => {
    const { out, name, json } = options;
    if (name !== undefined) checkNamePattern(name);
    const api = await apiFor(options, terminal);
    const task = await api.task(id);
    const send = createSender(terminal);
    const files = out === undefined ? undefined : await save(send, task, { out, name });
    terminal.print(
      json
        ? JSON.stringify({ ...task, files })
        : formatTask(task, { nowMs: terminal.now(), files }),
    );
    endWith(exitCodeOfTask(task));
  });
}

type SaveOptions = { readonly out: string; readonly name: string | undefined };

async function save(send: Send, task: Task, { out, name }: SaveOptions): Promise<string[]> {
  const { id, status } = task;
  if (status === 'failed') {
    const { code, message } = task.error;
    throw new CliError(`Nothing to save: ${message}`, {
      exitCode: exitCodeOfTask(task),
      code,
      taskId: id,
    });
  }
  if (status !== 'completed') throw new CliError(`Nothing to save yet: ${id} is ${status}`);
  await prepareOutputDirectory(out);
  return saveTask(send, task, { out, name, input: firstInput(task) });
}
