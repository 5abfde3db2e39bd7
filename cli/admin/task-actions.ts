import type { Command } from 'commander';
import { adminApiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { parseAccountId, parsePastTime, parseTaskId } from '../program/arguments.ts';
import { usageError } from '../program/cli-error.ts';
import type { Terminal } from '../program/terminal.ts';
import { stateAfterCancel } from '../tasks/cancel-command.ts';
import type { AdminApi } from './admin-api.ts';

// What the operator can do about a task of any account.

/** `darkroom admin cancel`: cancels a task as its account can. */
export function addCancel(admin: Command, terminal: Terminal): void {
  withConnectionOptions(
    admin
      .command('cancel')
      .description('cancel a task of any account')
      .argument('<id>', 'the id of the task', parseTaskId),
  ).action(async (id: string, options: ConnectionOptions) => {
    const api = await adminApiFor(options, terminal);
    const task = await api.cancelTask(id);
    terminal.print(options.json ? JSON.stringify(task) : `${id} ${stateAfterCancel(task)}`);
  });
}

type RedeliverOptions = ConnectionOptions & { readonly account?: string; readonly since?: number };

/** `darkroom admin redeliver`: sends the callback of a task again, or all of an account that were given up. */
export function addRedeliver(admin: Command, terminal: Terminal): void {
  withConnectionOptions(
    admin
      .command('redeliver')
      .description('send the callback of a task again, or all undelivered ones of an account')
      .argument('[id]', 'the id of the task', parseTaskId)
      .option('--account <id>', 'all callbacks of this account that were given up', parseAccountId)
      .option('--since <time>', 'those given up since then: 2h, 3d, 2026-11-22', (text) =>
        parsePastTime(text, terminal.now()),
      ),
  ).action(async (id: string | undefined, options: RedeliverOptions) => {
    const { json } = options;
    const wanted = wantedOf(id, options);
    const api = await adminApiFor(options, terminal);
    if ('id' in wanted) {
      const task = await api.redeliver(wanted.id);
      const text = `the callback of ${task.id} is on its way again`;
      terminal.print(json ? JSON.stringify(task) : text);
      return;
    }
    const { account } = wanted;
    const scheduled = await redeliverAll(api, account, wanted.since);
    const text = `${scheduled} callbacks of ${account} are on their way again`;
    terminal.print(json ? JSON.stringify({ account, scheduled }) : text);
  });
}

function wantedOf(id: string | undefined, { account, since }: RedeliverOptions) {
  if (id !== undefined && account === undefined && since === undefined) return { id };
  if (id === undefined && account !== undefined && since !== undefined) return { account, since };
  throw usageError('Give the id of a task, or --account and --since');
}

async function redeliverAll(api: AdminApi, account: string, since: number): Promise<number> {
  let scheduled = 0;
  let before: number | undefined;
  // 100 at a time; a repeated request with the same `before` goes on with the others.
  for (;;) {
    const part = await api.redeliverAll(account, { since, before });
    scheduled += part.scheduled;
    before = part.before;
    if (!part.has_more || part.scheduled === 0) return scheduled;
  }
}

/** `darkroom admin check`: does for one task at once what the reconciler does for every task from time to time. */
export function addCheck(admin: Command, terminal: Terminal): void {
  withConnectionOptions(
    admin
      .command('check')
      .description('check a task now: start its workflow if it is missing, wake it if it waits')
      .argument('<id>', 'the id of the task', parseTaskId),
  ).action(async (id: string, options: ConnectionOptions) => {
    const api = await adminApiFor(options, terminal);
    const check = await api.checkTask(id);
    const text = `${id}: ${descriptions[check.result] ?? check.result}`;
    terminal.print(options.json ? JSON.stringify(check) : text);
  });
}

const descriptions: Readonly<Record<string, string>> = {
  woken: 'its workflow waited, and asks the provider now',
  running: 'its workflow is at work, so nothing was done',
  started: 'its workflow was missing, and was started',
  restarted: 'its workflow was dead, and was started again',
  postponed: 'its workflow died several times, and will be started again soon',
};
