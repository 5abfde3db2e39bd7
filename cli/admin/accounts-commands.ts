import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { maxOverlapHours } from '../../functions/domain/model/account.ts';
import { adminApiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import {
  parseAccountId,
  parseCreditsOrNone,
  parseIdempotencyKey,
  parseLimit,
  parseLimitOrDefault,
  parseSignedCredits,
  wholeNumberParser,
} from '../program/arguments.ts';
import { adviseIfUnknown } from '../program/cli-error.ts';
import {
  ageColumn,
  type Column,
  formatAge,
  formatFields,
  formatTime,
  numberColumn,
  secretShownOnce,
  textColumn,
} from '../program/format.ts';
import {
  allOption,
  type ListOptions,
  limitOption,
  type PageQuery,
  printList,
} from '../program/list.ts';
import type { Terminal } from '../program/terminal.ts';
import type { Account, AccountChange, Entry } from './admin-api.ts';

/** `darkroom accounts`: accounts, their credits and their limits. */
export function addAccounts(program: Command, terminal: Terminal): void {
  const accounts = program
    .command('accounts')
    .description('make and manage accounts and their credits, with an admin key');
  addCreate(accounts, terminal);
  addList(accounts, terminal);
  addShow(accounts, terminal);
  addGrant(accounts, terminal);
  addLimits(accounts, terminal);
  addStates(accounts, terminal);
  addGroup(accounts, terminal);
  addBudget(accounts, terminal);
  addEntries(accounts, terminal);
  addRotateSecret(accounts, terminal);
}

type CreateOptions = ConnectionOptions & {
  readonly userGroup?: string;
  readonly requestsPerMinute?: number;
  readonly tasksInFlight?: number;
};

/** `darkroom accounts create`: makes an account without credits and shows its webhook secret once. */
function addCreate(accounts: Command, terminal: Terminal): void {
  withConnectionOptions(
    accounts
      .command('create')
      .description('make an account')
      .argument('<id>', 'the id of the new account', parseAccountId)
      .option('--user-group <group>', 'the user group it belongs to')
      .option('--requests-per-minute <count>', 'the limit for each of its keys', parseLimit)
      .option('--tasks-in-flight <count>', 'how many of its tasks may run at once', parseLimit),
  ).action(async (id: string, options: CreateOptions) => {
    const { userGroup, requestsPerMinute, tasksInFlight, json } = options;
    const limits = { requests_per_minute: requestsPerMinute, tasks_in_flight: tasksInFlight };
    const api = await adminApiFor(options, terminal);
    const account = await api
      .createAccount({ id, user_group: userGroup, limits })
      .catch(adviseIfUnknown('`darkroom accounts list` shows whether the account was made'));
    const fields = formatFields([
      ['account', account.id],
      ['webhook secret', account.webhook_secret],
    ]);
    terminal.print(json ? JSON.stringify(account) : `${fields}\n\n${secretShownOnce}`);
  });
}

/** `darkroom accounts list`: all accounts and their credits. */
function addList(accounts: Command, terminal: Terminal): void {
  withConnectionOptions(
    accounts
      .command('list')
      .description('list the accounts')
      .addOption(limitOption)
      .addOption(allOption),
  ).action(async (options: ConnectionOptions & ListOptions) => {
    const api = await adminApiFor(options, terminal);
    const list = {
      fetchPage: api.accounts,
      columns: accountColumns,
      emptyText: 'no accounts',
    };
    await printList(list, options, terminal);
  });
}

const accountColumns: readonly Column<Account>[] = [
  textColumn('id', ({ id }) => id),
  textColumn('state', ({ enabled }) => (enabled ? 'enabled' : 'disabled')),
  textColumn('user group', ({ user_group }) => user_group),
  ageColumn('age', ({ created }) => created),
  numberColumn('balance', ({ credits }) => credits.balance),
  numberColumn('reserved', ({ credits }) => credits.reserved),
  numberColumn('used', ({ credits }) => credits.used),
  numberColumn('tasks in flight', ({ tasks_in_flight }) => tasks_in_flight),
];

/** `darkroom accounts show`: everything about one account. */
function addShow(accounts: Command, terminal: Terminal): void {
  withConnectionOptions(
    accounts
      .command('show')
      .description('show an account')
      .argument('<id>', 'which account', parseAccountId),
  ).action(async (id: string, options: ConnectionOptions) => {
    const api = await adminApiFor(options, terminal);
    const account = await api.account(id);
    terminal.print(options.json ? JSON.stringify(account) : formatAccount(account, terminal.now()));
  });
}

function formatAccount(account: Account, nowMs: number): string {
  const { id, user_group, created, enabled, credits, limits, tasks_in_flight } = account;
  return formatFields([
    ['account', id],
    ['state', enabled ? 'enabled' : 'disabled'],
    ['user group', user_group],
    ['created', `${formatTime(created)} (${formatAge(created, nowMs)} ago)`],
    ['balance', `${credits.balance}`],
    ['reserved', `${credits.reserved}`],
    ['used', `${credits.used}`],
    ['granted', `${credits.granted}`],
    ['daily budget', formatBudget(account)],
    ['tasks in flight', `${tasks_in_flight} of ${limits.tasks_in_flight}`],
    ['requests per minute', `at most ${limits.requests_per_minute}`],
  ]);
}

function formatBudget({ daily_budget_credits, stop_at_budget }: Account): string {
  if (daily_budget_credits === null) return 'none';
  return `${daily_budget_credits}, ${stop_at_budget ? 'creates stop there' : 'only counted'}`;
}

type GrantOptions = ConnectionOptions & {
  readonly note?: string;
  readonly idempotencyKey?: string;
};

/** `darkroom accounts grant`: grants credits to an account, or withdraws them. */
function addGrant(accounts: Command, terminal: Terminal): void {
  withConnectionOptions(
    accounts
      .command('grant')
      .description('grant credits to an account; a negative amount withdraws them')
      .argument('<id>', 'which account', parseAccountId)
      .argument('<credits>', 'how many: 100, 1.2, -5', parseSignedCredits)
      .option('--note <text>', 'the reason, for the ledger')
      .option(
        '--idempotency-key <key>',
        'repeats the grant that had this key',
        parseIdempotencyKey,
      ),
  ).action(async (id: string, credits: number, options: GrantOptions) => {
    const { note, json, idempotencyKey = `cli-${randomUUID()}` } = options;
    const api = await adminApiFor(options, terminal);
    const entry = await api
      .grant(id, { credits, note }, idempotencyKey)
      .catch(
        adviseIfUnknown(
          `repeat it with --idempotency-key ${idempotencyKey}, so that it counts once`,
        ),
      );
    terminal.print(json ? JSON.stringify(entry) : formatGrant(id, entry));
  });
}

function formatGrant(id: string, { amount_credits, balance_credits }: Entry): string {
  const action =
    amount_credits < 0 ? `withdrew ${-amount_credits} from` : `granted ${amount_credits} to`;
  return `${action} ${id}: balance ${balance_credits}`;
}

type NewLimit = ReturnType<typeof parseLimitOrDefault>;

type LimitsOptions = ConnectionOptions & {
  readonly requestsPerMinute?: NewLimit;
  readonly tasksInFlight?: NewLimit;
};

/** `darkroom accounts limits`: shows the limits of an account, or changes those that are given. */
function addLimits(accounts: Command, terminal: Terminal): void {
  withConnectionOptions(
    accounts
      .command('limits')
      .description('show the limits of an account, or change them')
      .argument('<id>', 'which account', parseAccountId)
      .option('--requests-per-minute <count>', 'a number, or "default"', parseLimitOrDefault)
      .option('--tasks-in-flight <count>', 'a number, or "default"', parseLimitOrDefault),
  ).action(async (id: string, options: LimitsOptions) => {
    const { requestsPerMinute, tasksInFlight, json } = options;
    const api = await adminApiFor(options, terminal);
    const account =
      requestsPerMinute === undefined && tasksInFlight === undefined
        ? await api.account(id)
        : await api.changeAccount(id, {
            limits: {
              requests_per_minute: nullForDefault(requestsPerMinute),
              tasks_in_flight: nullForDefault(tasksInFlight),
            },
          });
    const { limits } = account;
    const fields = formatFields([
      ['requests per minute', `${limits.requests_per_minute}`],
      ['tasks in flight', `${limits.tasks_in_flight}`],
    ]);
    terminal.print(json ? JSON.stringify(limits) : fields);
  });
}

const nullForDefault = (limit: NewLimit | undefined) => (limit === 'default' ? null : limit);

/** `darkroom accounts disable` and `enable`: whether the keys of an account work. */
function addStates(accounts: Command, terminal: Terminal): void {
  const add = (name: string, description: string, enabled: boolean) =>
    withConnectionOptions(
      accounts
        .command(name)
        .description(description)
        .argument('<id>', 'which account', parseAccountId),
    ).action(async (id: string, options: ConnectionOptions) => {
      const api = await adminApiFor(options, terminal);
      const account = await api.changeAccount(id, { enabled });
      const state = enabled ? 'enabled' : 'disabled: it creates nothing, and its tasks go on';
      terminal.print(options.json ? JSON.stringify(account) : `${id} is ${state}`);
    });
  add('disable', 'refuse all keys of an account until it is enabled again', false);
  add('enable', 'accept the keys of a disabled account again', true);
}

/** `darkroom accounts group`: puts an account into another user group. */
function addGroup(accounts: Command, terminal: Terminal): void {
  withConnectionOptions(
    accounts
      .command('group')
      .description('put an account into a user group')
      .argument('<id>', 'which account', parseAccountId)
      .argument('<group>', 'the user group: default, vip, …'),
  ).action(async (id: string, group: string, options: ConnectionOptions) => {
    const api = await adminApiFor(options, terminal);
    const account = await api.changeAccount(id, { user_group: group });
    const text = `${id} is in the user group ${account.user_group}`;
    terminal.print(options.json ? JSON.stringify(account) : text);
  });
}

type BudgetOptions = ConnectionOptions & { readonly stop?: boolean };

/** `darkroom accounts budget`: the daily budget of an account. */
function addBudget(accounts: Command, terminal: Terminal): void {
  withConnectionOptions(
    accounts
      .command('budget')
      .description('show or set the daily budget of an account, for days of UTC')
      .argument('<id>', 'which account', parseAccountId)
      .argument('[credits]', 'how many, or "none"', parseCreditsOrNone)
      .option('--stop', 'refuse creates beyond it')
      .option('--no-stop', 'only count creates beyond it'),
  ).action(async (id: string, credits: number | 'none' | undefined, options: BudgetOptions) => {
    const api = await adminApiFor(options, terminal);
    const change: AccountChange = {
      daily_budget_credits: credits === 'none' ? null : credits,
      stop_at_budget: options.stop,
    };
    const isChange = Object.values(change).some((value) => value !== undefined);
    const account = isChange ? await api.changeAccount(id, change) : await api.account(id);
    const text = `${id}: daily budget ${formatBudget(account)}`;
    terminal.print(options.json ? JSON.stringify(account) : text);
  });
}

/** `darkroom accounts entries`: every entry in the ledger of an account. */
function addEntries(accounts: Command, terminal: Terminal): void {
  withConnectionOptions(
    accounts
      .command('entries')
      .description('list the ledger of an account, newest first')
      .argument('<id>', 'which account', parseAccountId)
      .addOption(limitOption)
      .addOption(allOption),
  ).action(async (id: string, options: ConnectionOptions & ListOptions) => {
    const api = await adminApiFor(options, terminal);
    const list = {
      fetchPage: (page: PageQuery) => api.entries(id, page),
      columns: entryColumns,
      emptyText: 'no entries',
    };
    await printList(list, options, terminal);
  });
}

const entryColumns: readonly Column<Entry>[] = [
  ageColumn('age', ({ created }) => created),
  textColumn('kind', ({ kind }) => kind),
  numberColumn('amount', ({ amount_credits }) => amount_credits),
  numberColumn('balance', ({ balance_credits }) => balance_credits),
  numberColumn('charged', ({ charged_credits }) => charged_credits),
  textColumn('task', ({ task_id }) => task_id),
  textColumn('key', ({ key_id }) => key_id),
  textColumn('note', ({ note }) => note),
];

type RotateOptions = ConnectionOptions & { readonly overlapHours?: number };

/** `darkroom accounts rotate-secret`: makes a new secret for signing callbacks and shows it once. */
function addRotateSecret(accounts: Command, terminal: Terminal): void {
  withConnectionOptions(
    accounts
      .command('rotate-secret')
      .description('make a new webhook secret')
      .argument('<id>', 'of which account', parseAccountId)
      .option(
        '--overlap-hours <count>',
        `how long callbacks are also signed with the old one, 0 to ${maxOverlapHours} (default: 24)`,
        wholeNumberParser(0, maxOverlapHours),
      ),
  ).action(async (id: string, options: RotateOptions) => {
    const api = await adminApiFor(options, terminal);
    const secret = await api
      .rotateSecret(id, { overlap_hours: options.overlapHours })
      .catch(adviseIfUnknown('the secret may have changed, so run the command once more'));
    const { webhook_secret, previous_valid_until: validUntil } = secret;
    const fields = formatFields([
      ['webhook secret', webhook_secret],
      ['old one until', formatTime(validUntil)],
    ]);
    terminal.print(options.json ? JSON.stringify(secret) : `${fields}\n\n${secretShownOnce}`);
  });
}
