import type { Command } from 'commander';
import { addCredits } from './account/credits-command.ts';
import { addModels } from './account/models-command.ts';
import { addUpload } from './account/upload-command.ts';
import { addUsage } from './account/usage-command.ts';
import { addAccounts } from './admin/accounts-commands.ts';
import { addAdmin } from './admin/admin-commands.ts';
import { addKeys } from './admin/keys-commands.ts';
import { addWebhooks } from './admin/webhooks-commands.ts';
import { createProgram } from './program/command-line.ts';
import type { Terminal } from './program/terminal.ts';
import { addCallback } from './tasks/callback-command.ts';
import { addCancel } from './tasks/cancel-command.ts';
import { addDelete } from './tasks/delete-command.ts';
import { addGenerate } from './tasks/generate-command.ts';
import { addOpen } from './tasks/open-command.ts';
import { addTask } from './tasks/task-command.ts';
import { addTasks } from './tasks/tasks-command.ts';
import { addWait } from './tasks/wait-command.ts';

const commands = [
  addGenerate,
  addWait,
  addTasks,
  addTask,
  addOpen,
  addCallback,
  addCancel,
  addDelete,
  addUpload,
  addModels,
  addCredits,
  addUsage,
  addKeys,
  addAccounts,
  addAdmin,
  addWebhooks,
];

/** The `darkroom` program with all its commands. */
export function createDarkroom(terminal: Terminal): Command {
  const program = createProgram('darkroom', 'Edit pictures with your own image-to-image API.');
  for (const add of commands) add(program, terminal);
  return program;
}
