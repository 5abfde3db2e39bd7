import { type Command, Option } from 'commander';
import { providerNames } from '../../functions/domain/model/catalogue.ts';
import { type Mode, modes } from '../../functions/domain/model/mode.ts';
import { taskErrorCodes } from '../../functions/domain/model/problem.ts';
import { callbackStates, type Status, statuses } from '../../functions/domain/model/task.ts';
import { adminApiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { parseAccountId, parsePastTime, parseTaskId } from '../program/arguments.ts';
import { ageColumn, type Column, numberColumn, textColumn } from '../program/format.ts';
import {
  allOption,
  type ListOptions,
  limitOption,
  type PageQuery,
  printList,
} from '../program/list.ts';
import type { Terminal } from '../program/terminal.ts';
import type { AdminTaskSummary } from './admin-api.ts';
import { formatAdminTask } from './admin-task-view.ts';

type Options = ConnectionOptions &
  ListOptions & {
    readonly account?: string;
    readonly mode?: Mode;
    readonly status?: Status;
    readonly code?: (typeof taskErrorCodes)[number];
    readonly provider?: (typeof providerNames)[number];
    readonly callback?: (typeof callbackStates)[number];
    readonly since?: number;
    readonly until?: number;
  };

/** `darkroom admin tasks`: tasks of all accounts, or everything about one task but its prompt and its pictures. */
export function addAdminTasks(admin: Command, terminal: Terminal): void {
  const pastTime = (text: string) => parsePastTime(text, terminal.now());
  const choice = (flags: string, description: string, choices: readonly string[]) =>
    new Option(flags, description).choices(choices);
  withConnectionOptions(
    admin
      .command('tasks')
      .description('list the tasks of all accounts, newest first, or show one in detail')
      .argument('[id]', 'the id of one task', parseTaskId)
      .option('--account <id>', 'only those of this account', parseAccountId)
      .addOption(
        choice('--mode <mode>', 'the tasks of test or of live mode (default: live)', modes),
      )
      .addOption(choice('--status <status>', 'only those with this status', statuses))
      .addOption(choice('--code <code>', 'only those that failed with this code', taskErrorCodes))
      .addOption(choice('--provider <name>', 'only those of this provider', providerNames))
      .addOption(
        choice('--callback <state>', 'only those whose callback is in this state', callbackStates),
      )
      .option('--since <time>', 'only those created since then: 2h, 3d, 2026-11-22', pastTime)
      .option('--until <time>', 'only those created before then', pastTime)
      .addOption(limitOption)
      .addOption(allOption),
  ).action(async (id: string | undefined, options: Options) => {
    const api = await adminApiFor(options, terminal);
    if (id !== undefined) {
      const task = await api.task(id);
      terminal.print(options.json ? JSON.stringify(task) : formatAdminTask(task));
      return;
    }
    const { account, mode, status, code, provider, callback, since, until } = options;
    const filter = {
      account,
      mode,
      status,
      code,
      provider,
      callback,
      created_after: since,
      created_before: until,
    };
    const list = {
      fetchPage: (page: PageQuery) => api.tasks(Object.assign({}, page, filter)),
      columns,
      emptyText: 'no tasks',
    };
    await printList(list, options, terminal);
  });
}

const columns: readonly Column<AdminTaskSummary>[] = [
  textColumn('id', ({ id }) => id),
  textColumn('account', ({ account }) => account),
  textColumn('key', ({ key_id }) => key_id),
  textColumn('status', ({ status }) => status),
  textColumn('code', ({ code }) => code),
  textColumn('provider', ({ provider }) => provider),
  textColumn('callback', ({ callback }) => callback),
  ageColumn('age', ({ created_at }) => created_at),
  numberColumn('took', ({ duration }) => duration),
  numberColumn('credits', ({ credits_used }) => credits_used),
];
