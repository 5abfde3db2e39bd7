import type { Command } from 'commander';
import { inDoubt } from '../cli-error.ts';
import { adminApiFor } from '../connected.ts';
import { type ConnectionOptions, withConnection } from '../connection-options.ts';
import { facts } from '../facts.ts';
import { accountId } from '../identifiers.ts';
import { secretShownOnce } from '../shown-once.ts';
import type { Terminal } from '../terminal.ts';
import { limit } from './limit.ts';

type Options = ConnectionOptions & {
  readonly userGroup?: string;
  readonly requestsPerMinute?: number;
  readonly tasksInFlight?: number;
};

/** `darkroom accounts create`: an account without credits, and its webhook secret this once. */
export function addCreateAccount(accounts: Command, terminal: Terminal): void {
  withConnection(
    accounts
      .command('create')
      .description('make an account')
      .argument('<id>', 'what to call it', accountId)
      .option('--user-group <group>', 'the user group it is in')
      .option('--requests-per-minute <count>', 'what each of its keys may ask', limit)
      .option('--tasks-in-flight <count>', 'how many of its tasks may run at once', limit),
  ).action(async (id: string, options: Options) => {
    const { userGroup: user_group, requestsPerMinute, tasksInFlight, json } = options;
    const limits = { requests_per_minute: requestsPerMinute, tasks_in_flight: tasksInFlight };
    const api = await adminApiFor(options, terminal);
    const account = await api
      .createAccount({ id, user_group, limits })
      .catch(inDoubt('`darkroom accounts list` shows whether the account was made'));
    const text = facts([
      ['account', account.id],
      ['webhook secret', account.webhook_secret],
    ]);
    terminal.print(json ? JSON.stringify(account) : `${text}\n\n${secretShownOnce}`);
  });
}
