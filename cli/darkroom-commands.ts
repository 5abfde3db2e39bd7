import type { Command } from 'commander';
import { addAccounts } from './admin/accounts-command.ts';
import { addKeys } from './admin/keys-command.ts';
import { addCancel } from './cancel-command.ts';
import { commandLine } from './command-line.ts';
import { addCredits } from './credits-command.ts';
import { addGenerate } from './generate-command.ts';
import { addTask } from './task-command.ts';
import { addTasks } from './tasks-command.ts';
import type { Terminal } from './terminal.ts';

// One file a command; each adds itself.
const commands = [addGenerate, addTasks, addTask, addCancel, addCredits, addKeys, addAccounts];

/** The `darkroom` command. */
export function darkroom(terminal: Terminal): Command {
  const program = commandLine('darkroom', 'Pictures out of pictures, by your own API.');
  for (const add of commands) add(program, terminal);
  return program;
}
