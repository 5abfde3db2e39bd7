import type { Command } from 'commander';
import { adminApiFor } from '../connected.ts';
import { type ConnectionOptions, withConnection } from '../connection-options.ts';
import { allOption, type ListOptions, limitOption, printList } from '../list.ts';
import { type Column, number, past, words } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { Account } from './answers.ts';

/** `darkroom accounts list`: all accounts, and what they have. */
export function addListAccounts(accounts: Command, terminal: Terminal): void {
  withConnection(
    accounts
      .command('list')
      .description('list the accounts')
      .addOption(limitOption)
      .addOption(allOption),
  ).action(async (options: ConnectionOptions & ListOptions) => {
    const { accounts: pages } = await adminApiFor(options, terminal);
    await printList({ pages, columns, nothing: 'no accounts' }, options, terminal);
  });
}

const columns: readonly Column<Account>[] = [
  words('id', ({ id }) => id),
  words('user group', ({ user_group }) => user_group),
  past('age', ({ created }) => created),
  number('balance', ({ credits }) => credits.balance),
  number('reserved', ({ credits }) => credits.reserved),
  number('used', ({ credits }) => credits.used),
  number('tasks in flight', ({ tasks_in_flight }) => tasks_in_flight),
];
