import type { Command } from 'commander';
import { adminApiFor } from '../connected.ts';
import { type ConnectionOptions, withConnection } from '../connection-options.ts';
import { facts } from '../facts.ts';
import { accountId } from '../identifiers.ts';
import type { Terminal } from '../terminal.ts';
import { limitOrDefault } from './limit.ts';

type Options = ConnectionOptions & {
  readonly requestsPerMinute?: Wish;
  readonly tasksInFlight?: Wish;
};
type Wish = ReturnType<typeof limitOrDefault>;

/** `darkroom accounts limits`: what an account may do at most, as it is or as it is to be. */
export function addLimits(accounts: Command, terminal: Terminal): void {
  withConnection(
    accounts
      .command('limits')
      .description('show the limits of an account, or change them')
      .argument('<id>', 'which account', accountId)
      .option('--requests-per-minute <count>', 'a number, or "default"', limitOrDefault)
      .option('--tasks-in-flight <count>', 'a number, or "default"', limitOrDefault),
  ).action(async (id: string, options: Options) => {
    const { requestsPerMinute, tasksInFlight, json } = options;
    const api = await adminApiFor(options, terminal);
    const account =
      requestsPerMinute === undefined && tasksInFlight === undefined
        ? await api.account(id)
        : await api.changeAccount(id, {
            limits: {
              requests_per_minute: onTheWire(requestsPerMinute),
              tasks_in_flight: onTheWire(tasksInFlight),
            },
          });
    const { limits } = account;
    const text = facts([
      ['requests per minute', `${limits.requests_per_minute}`],
      ['tasks in flight', `${limits.tasks_in_flight}`],
    ]);
    terminal.print(json ? JSON.stringify(limits) : text);
  });
}

const onTheWire = (wish: Wish | undefined) => (wish === 'default' ? null : wish);
