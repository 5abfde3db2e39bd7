import type { Command } from 'commander';
import { adminApiFor } from '../connected.ts';
import { type ConnectionOptions, withConnection } from '../connection-options.ts';
import { facts } from '../facts.ts';
import { accountId } from '../identifiers.ts';
import type { Terminal } from '../terminal.ts';
import { accountFacts } from './account-facts.ts';

/** `darkroom accounts show`: all about one account. */
export function addShowAccount(accounts: Command, terminal: Terminal): void {
  withConnection(
    accounts
      .command('show')
      .description('show an account')
      .argument('<id>', 'which one', accountId),
  ).action(async (id: string, options: ConnectionOptions) => {
    const account = await (await adminApiFor(options, terminal)).account(id);
    const text = () => facts(accountFacts(account, terminal.now()));
    terminal.print(options.json ? JSON.stringify(account) : text());
  });
}
