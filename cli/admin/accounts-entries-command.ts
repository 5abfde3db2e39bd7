import type { Command } from 'commander';
import { adminApiFor } from '../connected.ts';
import { type ConnectionOptions, withConnection } from '../connection-options.ts';
import { accountId } from '../identifiers.ts';
import { allOption, type ListOptions, limitOption, printList } from '../list.ts';
import { type Column, number, past, words } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { Entry } from './answers.ts';

/** `darkroom accounts entries`: every movement of an account's credits. */
export function addEntries(accounts: Command, terminal: Terminal): void {
  withConnection(
    accounts
      .command('entries')
      .description('list the ledger of an account, newest first')
      .argument('<id>', 'which account', accountId)
      .addOption(limitOption)
      .addOption(allOption),
  ).action(async (id: string, options: ConnectionOptions & ListOptions) => {
    const api = await adminApiFor(options, terminal);
    const list = {
      pages: (slice: Parameters<typeof api.accounts>[0]) => api.entries(id, slice),
      ...{ columns, nothing: 'no entries' },
    };
    await printList(list, options, terminal);
  });
}

const columns: readonly Column<Entry>[] = [
  number('number', (entry) => entry.number),
  past('age', ({ created }) => created),
  words('kind', ({ kind }) => kind),
  number('amount', ({ amount_credits }) => amount_credits),
  number('balance', ({ balance_credits }) => balance_credits),
  number('charged', ({ charged_credits }) => charged_credits),
  words('task', ({ task_id }) => task_id),
  words('key', ({ key_id }) => key_id),
  words('note', ({ note }) => note),
];
