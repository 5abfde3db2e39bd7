import type { Command } from 'commander';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { parseTaskId } from '../program/arguments.ts';
import { CliError } from '../program/cli-error.ts';
import { openInBrowser } from '../program/open-in-browser.ts';
import type { Terminal } from '../program/terminal.ts';
import { exitCodeOfTask } from './task-run.ts';

type Options = ConnectionOptions & { readonly print?: true };

/** `darkroom open`: shows the results of a task in the browser, or prints the links to them. */
export function addOpen(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('open')
      .description('open the results of a task in the browser')
      .argument('<id>', 'its id, as `darkroom tasks` lists it', parseTaskId)
      .option('--print', 'print the links, and open nothing'),
  ).action(async (id: string, options: Options) => {
    const api = await apiFor(options, terminal);
    const task = await api.task(id);
    if (task.status === 'failed') {
      const { code, message } = task.error;
      const exitCode = exitCodeOfTask(task);
      throw new CliError(`Nothing to open: ${message}`, { exitCode, code, taskId: id });
    }
    if (task.status !== 'completed') {
      throw new CliError(`Nothing to open yet: ${id} is ${task.status}`);
    }
    if (options.json) terminal.print(JSON.stringify(task.results));
    else terminal.print(task.results.join('\n'));
    if (options.print || options.json) return;
    for (const link of task.results) await openInBrowser(link, terminal.env);
  });
}
