import type { Command } from 'commander';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { parseTaskId } from '../program/arguments.ts';
import type { Terminal } from '../program/terminal.ts';

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
