import { type Command, InvalidArgumentError } from 'commander';
import type { Task } from './answers.ts';
import { darkroomApi } from './api.ts';
import { CliError } from './cli-error.ts';
import { connection } from './connection.ts';
import { type ConnectionOptions, keyOption, urlOption } from './connection-options.ts';
import { makeDirectory } from './make-directory.ts';
import { saveResults } from './save-results.ts';
import { type Send, sender } from './send.ts';
import { taskFacts } from './task-facts.ts';

type Options = ConnectionOptions & { readonly out?: string; readonly json?: true };

/** `darkroom task`: how one task is, and its results once more. */
export function addTask(program: Command): void {
  program
    .command('task')
    .description('show a task, and save its results if wanted')
    .argument('<id>', 'which one, as `darkroom tasks` lists it', taskId)
    .option('--out <directory>', 'save the results of a completed task there')
    .addOption(urlOption)
    .addOption(keyOption)
    .option('--json', 'print the answer as JSON')
    .action(run);
}

async function run(id: string, options: Options): Promise<void> {
  const { out, json } = options;
  const where = await connection(options, { env: process.env, directory: process.cwd() });
  const send = sender();
  const task = await darkroomApi({ ...where, send }).task(id);
  const files = out === undefined ? undefined : await save(send, { id, task, out });
  console.log(
    json ? JSON.stringify({ ...task, files }) : taskFacts(task, { nowMs: Date.now(), files }),
  );
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

// It becomes part of an address and of file names: nothing in it may lead elsewhere.
function taskId(text: string): string {
  if (/^[\w-]+$/.test(text)) return text;
  throw new InvalidArgumentError('It must be the id of a task.');
}
