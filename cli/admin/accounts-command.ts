import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { addCreateAccount } from './accounts-create-command.ts';
import { addEntries } from './accounts-entries-command.ts';
import { addGrant } from './accounts-grant-command.ts';
import { addLimits } from './accounts-limits-command.ts';
import { addListAccounts } from './accounts-list-command.ts';
import { addRotateSecret } from './accounts-rotate-secret-command.ts';
import { addShowAccount } from './accounts-show-command.ts';

const commands = [
  ...[addCreateAccount, addListAccounts, addShowAccount],
  ...[addGrant, addLimits, addEntries, addRotateSecret],
];

/** `darkroom accounts`: who pays, and with what. */
export function addAccounts(program: Command, terminal: Terminal): void {
  const accounts = program
    .command('accounts')
    .description('make and manage accounts and their credits, with an admin key');
  for (const add of commands) add(accounts, terminal);
}
