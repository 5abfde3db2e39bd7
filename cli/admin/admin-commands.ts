import type { Command } from 'commander';
import type { Terminal } from '../program/terminal.ts';
import { addAdminTasks } from './admin-tasks-command.ts';
import { addAdminUsage } from './admin-usage-command.ts';
import { addCancel, addCheck, addRedeliver } from './task-actions.ts';

/** `darkroom admin`: the tasks and the usage of all accounts, for the operator. */
export function addAdmin(program: Command, terminal: Terminal): void {
  const admin = program
    .command('admin')
    .description(
      'show the tasks and the usage of all accounts, and act on tasks, with an admin key',
    );
  addAdminTasks(admin, terminal);
  addCancel(admin, terminal);
  addRedeliver(admin, terminal);
  addCheck(admin, terminal);
  addAdminUsage(admin, terminal);
}
