import type { Command } from 'commander';
import type { Task } from './answers.ts';
import { darkroomApi } from './api.ts';
import { CliError } from './cli-error.ts';
import { connection } from './connection.ts';
import { type ConnectionOptions, withConnection } from './connection-options.ts';
import { taskId } from './identifiers.ts';
import { makeDirectory } from './make-directory.ts';
import { saveResults } from './save-results.ts';
import { type Send, sender } from './send.ts';
import { taskFacts } from './task-facts.ts';
import type { Terminal } from './terminal.ts';

type Options = ConnectionOptions & { readonly out?: string };

/** `darkroom task`: how one task is, and its results once more. */
export function addTask(program: Command, terminal: Terminal): void {
  withConnection(
    program
      .command('task')
      .description('show a task, and save its results if wanted')
      .argument('<id>', 'which one, as `darkroom tasks` lists it', taskId)
      .option('--out <directory>', 'save the results of a completed task there'),
  ).action(async (id: string, options: Options) => {
    const { out, json } = options;
    const where = await connection(options, terminal);
    const send = sender(terminal);
    const task = await darkroomApi({ ...where, send }).task(id);
    const files = out === undefined ? undefined : await save(send, { id, task, out });
    const text = () => taskFacts(task, { nowMs: terminal.now(), files });
    terminal.print(json ? JSON.stringify({ ...task, files }) : text());
  });
}

type Wanted = { readonly id: string; readonly task: Task; readonly out: string };

async function save(send: Send, { id, task, out }: Wanted): Promise<string[]> {
  if (task.status === 'failed') throw new CliError(`Nothing to save: ${task.error.message}`);
  if (task.status !== 'completed') {
    throw new CliError(`Nothing to save yet: ${id} is ${task.status}`);
  }
  await makeDirectory(out);
  return saveResults(send, { id, links: task.results, out });
}
