import type { Command } from 'commander';
import { addAccounts } from './admin/accounts-commands.ts';
import { addKeys } from './admin/keys-commands.ts';
import { addWebhooks } from './admin/webhooks-commands.ts';
import { createProgram } from './command-line.ts';
import { addCredits } from './credits-command.ts';
import { addGenerate } from './generate-command.ts';
import { addCancel, addDelete, addTask, addTasks } from './task-commands.ts';
import type { Terminal } from './terminal.ts';

const commands = [
  addGenerate,
  addTasks,
  addTask,
  addCancel,
  addDelete,
  addCredits,
  addKeys,
  addAccounts,
  addWebhooks,
];

/** The `darkroom` program with all its commands. */
export function createDarkroom(terminal: Terminal): Command {
  const program = createProgram('darkroom', 'Edit pictures with your own image-to-image API.');
  for (const add of commands) add(program, terminal);
  return program;
}
