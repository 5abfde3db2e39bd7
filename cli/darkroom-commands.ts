import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import * as z from 'zod';
import { addCredits } from './account/credits-command.ts';
import { addModels } from './account/models-command.ts';
import { addUpload } from './account/upload-command.ts';
import { addUsage } from './account/usage-command.ts';
import { addAccounts } from './admin/accounts-commands.ts';
import { addAdmin } from './admin/admin-commands.ts';
import { addKeys } from './admin/keys-commands.ts';
import { addDoctor } from './doctor/doctor-command.ts';
import { addLogin } from './profiles/login-command.ts';
import { addLogout, addProfiles } from './profiles/profiles-command.ts';
import { createProgram } from './program/command-line.ts';
import { addCompletion } from './program/completion.ts';
import type { Terminal } from './program/terminal.ts';
import { addCallback } from './tasks/callback-command.ts';
import { addCancel } from './tasks/cancel-command.ts';
import { addDelete } from './tasks/delete-command.ts';
import { addGenerate } from './tasks/generate-command.ts';
import { addOpen } from './tasks/open-command.ts';
import { addTask } from './tasks/task-command.ts';
import { addTasks } from './tasks/tasks-command.ts';
import { addWait } from './tasks/wait-command.ts';
import { addListen } from './webhooks/listen-command.ts';
import { addWebhooks } from './webhooks/webhooks-commands.ts';

// The groups of commands, in the order of the help and of docs/cli.md.
const groups = [
  {
    heading: 'Tasks:',
    commands: [addGenerate, addWait, addTasks, addTask, addOpen, addCallback, addCancel, addDelete],
  },
  { heading: 'Files and account:', commands: [addUpload, addModels, addCredits, addUsage] },
  { heading: 'Keys and accounts:', commands: [addKeys, addAccounts, addAdmin] },
  { heading: 'Callbacks:', commands: [addWebhooks, addListen] },
  { heading: 'The deployment:', commands: [addDoctor] },
  {
    heading: 'Profiles and the shell:',
    commands: [addLogin, addProfiles, addLogout, addCompletion],
  },
];

const examples = `
Examples:
  darkroom generate cat.jpg --prompt "Make it snow" --name "{input}-{n}"
  darkroom wait task-unified-1772366400-abcd1234
  darkroom usage --group-by day,key --from 7d

Every command and the exit codes: docs/cli.md`;

/** The `darkroom` program with all its commands. */
export function createDarkroom(terminal: Terminal): Command {
  const program = createProgram(
    'darkroom',
    'Edit pictures with your own image-to-image API.',
  ).version(versionOfPackage(), '--version', 'print the version');
  for (const { heading, commands } of groups) {
    program.commandsGroup(heading);
    for (const add of commands) add(program, terminal);
  }
  program.addHelpText('after', examples);
  return program;
}

const Package = z.object({ version: z.string() });

const versionOfPackage = (): string =>
  Package.parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')))
    .version;
