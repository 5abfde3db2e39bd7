import { type Command, Option } from 'commander';
import { type Scope, scopes } from '../../functions/domain/model/api-key.ts';
import { adminApiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import {
  parseAccountId,
  parseCredits,
  parseCreditsOrNone,
  parseFutureTime,
  scopeHelp,
} from '../program/arguments.ts';
import { adviseIfUnknown } from '../program/cli-error.ts';
import {
  ageColumn,
  type Column,
  formatFields,
  formatTime,
  keyShownOnce,
  numberColumn,
  textColumn,
  timeColumn,
} from '../program/format.ts';
import {
  allOption,
  type ListOptions,
  limitOption,
  type PageQuery,
  printList,
} from '../program/list.ts';
import { type Terminal, toSingleLine } from '../program/terminal.ts';
import type { Key, KeyChange } from './admin-api.ts';
import { findKeyId } from './find-key.ts';

/** `darkroom keys`: API keys and their limits. */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program
    .command('keys')
    .description('make and manage API keys, with a key that has the scope manage or admin');
  addCreate(keys, terminal);
  addList(keys, terminal);
  addChanges(keys, terminal);
  addLimits(keys, terminal);
  addDelete(keys, terminal);
}

type CreateOptions = ConnectionOptions & {
  readonly account?: string;
  readonly name: string;
  readonly scope: Scope[];
  readonly test?: true;
  readonly expires?: number;
  readonly totalLimit?: number;
  readonly dailyLimit?: number;
  readonly timeZone?: string;
  readonly model?: string[];
};

/** `darkroom keys create`: makes a key and shows it once. */
function addCreate(keys: Command, terminal: Terminal): void {
  const parseExpiry = (text: string) => parseFutureTime(text, terminal.now());
  withConnectionOptions(
    keys
      .command('create')
      .description('make an API key')
      .requiredOption('--name <name>', 'the name of the key')
      .option(
        '--account <id>',
        'the account of the new key (default: that of your key)',
        parseAccountId,
      )
      .addOption(new Option('--scope <scope...>', scopeHelp).choices(scopes).default(['generate']))
      .option('--test', 'a test key: it uses the sandbox provider and play credits')
      .option(
        '--expires <time>',
        'when it expires: 12h or 30d from now, or on 2027-01-31',
        parseExpiry,
      )
      .option('--total-limit <credits>', 'what it may spend in all', parseCredits)
      .option('--daily-limit <credits>', 'what it may spend a day', parseCredits)
      .option('--time-zone <zone>', 'the time zone in which its day begins (default: UTC)')
      .option('--model <model...>', 'the only models it may use (default: all)'),
  ).action(async (options: CreateOptions) => {
    const { account, json } = options;
    const api = await adminApiFor(options, terminal);
    const key = await api
      .createKey({
        account,
        name: options.name,
        mode: options.test ? 'test' : undefined,
        scopes: options.scope,
        expires_at: options.expires,
        total_limit_credits: options.totalLimit,
        daily_limit_credits: options.dailyLimit,
        reset_timezone: options.timeZone,
        allowed_models: options.model,
      })
      .catch(
        adviseIfUnknown(
          `\`darkroom keys list${account ? ` --account ${account}` : ''}\` shows whether the key was made`,
        ),
      );
    const fields = formatFields([
      ['API key', key.api_key],
      ['key id', key.id],
      ['account', key.account],
    ]);
    terminal.print(json ? JSON.stringify(key) : `${fields}\n\n${keyShownOnce}`);
  });
}

type ListKeysOptions = ConnectionOptions & ListOptions & { readonly account?: string };

/** `darkroom keys list`: the keys of an account, and what was spent through each. */
function addList(keys: Command, terminal: Terminal): void {
  withConnectionOptions(
    keys
      .command('list')
      .description('list the keys of an account, newest first')
      .option('--account <id>', 'which account (default: that of your key)', parseAccountId)
      .addOption(limitOption)
      .addOption(allOption),
  ).action(async (options: ListKeysOptions) => {
    const api = await adminApiFor(options, terminal);
    const list = {
      fetchPage: (page: PageQuery) => api.keys(options.account, page),
      columns: keyColumns,
      emptyText: 'no keys',
    };
    await printList(list, options, terminal);
  });
}

const keyColumns: readonly Column<Key>[] = [
  textColumn('id', ({ id }) => id),
  textColumn('name', ({ name }) => name),
  textColumn('ends in', ({ last_four }) => last_four),
  textColumn('scopes', ({ scopes }) => scopes.join(',')),
  textColumn('state', stateOf),
  numberColumn('used', ({ used_credits }) => used_credits),
  numberColumn('limit', ({ total_limit_credits }) => total_limit_credits),
  numberColumn('today', ({ daily_used_credits }) => daily_used_credits),
  numberColumn('daily limit', ({ daily_limit_credits }) => daily_limit_credits),
  ageColumn('last used', ({ last_used_at }) => last_used_at),
  timeColumn('expires', ({ expires_at }) => expires_at),
  textColumn('mode', ({ mode }) => mode), // the last column, so that scripts that count columns keep working
];

function stateOf({ enabled, expires_at }: Key, nowMs: number): string {
  if (!enabled) return 'disabled';
  return expires_at && expires_at * 1000 <= nowMs ? 'expired' : 'enabled';
}

type KeyOptions = ConnectionOptions & { readonly account?: string };

/** A command about one key, which is named by its id or, where that is unique, by its name. */
const keyCommand = (keys: Command, name: string, description: string): Command =>
  withConnectionOptions(
    keys
      .command(name)
      .description(description)
      .argument('<key>', 'its id or its name, as `darkroom keys list` shows them')
      .option(
        '--account <id>',
        'the account in which the name is looked up (default: that of your key)',
        parseAccountId,
      ),
  );

/** `darkroom keys disable`, `enable` and `rename`: change a key; its secret stays the same. */
function addChanges(keys: Command, terminal: Terminal): void {
  const changeKey = async (name: string, change: KeyChange, options: KeyOptions) => {
    const api = await adminApiFor(options, terminal);
    const key = await api.changeKey(await findKeyId(api, name, options.account), change);
    terminal.print(options.json ? JSON.stringify(key) : formatState(key));
  };

  keyCommand(keys, 'disable', 'refuse a key until it is enabled again').action(
    (key: string, options: KeyOptions) => changeKey(key, { enabled: false }, options),
  );
  keyCommand(keys, 'enable', 'accept a disabled key again').action(
    (key: string, options: KeyOptions) => changeKey(key, { enabled: true }, options),
  );
  keyCommand(keys, 'rename', 'give a key another name')
    .argument('<name>', 'the new name')
    .action((key: string, name: string, options: KeyOptions) => changeKey(key, { name }, options));
}

const formatState = ({ id, name, enabled }: Key): string =>
  toSingleLine(`${id} (${name}) is ${enabled ? 'enabled' : 'disabled'}`);

type LimitsOptions = KeyOptions & {
  readonly totalLimit?: number | 'none';
  readonly dailyLimit?: number | 'none';
  readonly expires?: number | 'none';
  readonly timeZone?: string;
  readonly model?: string[];
  readonly scope?: Scope[];
};

/** `darkroom keys limits`: shows the limits of a key, or changes those that are given. */
function addLimits(keys: Command, terminal: Terminal): void {
  const parseExpiry = (text: string) =>
    text === 'none' ? text : parseFutureTime(text, terminal.now());
  keyCommand(keys, 'limits', 'show the limits of a key, or change them')
    .option('--total-limit <credits>', 'what it may spend in all, or "none"', parseCreditsOrNone)
    .option('--daily-limit <credits>', 'what it may spend a day, or "none"', parseCreditsOrNone)
    .option('--expires <time>', '12h or 30d from now, on 2027-01-31, or "none"', parseExpiry)
    .option('--time-zone <zone>', 'the time zone in which its day begins')
    .option('--model <model...>', 'the only models it may use, or "all"')
    .addOption(new Option('--scope <scope...>', scopeHelp).choices(scopes))
    .action(async (name: string, options: LimitsOptions) => {
      const api = await adminApiFor(options, terminal);
      const id = await findKeyId(api, name, options.account);
      const change = changeOf(options);
      const isChange = Object.values(change).some((value) => value !== undefined);
      const key = isChange ? await api.changeKey(id, change) : await api.key(id);
      terminal.print(options.json ? JSON.stringify(key) : formatLimits(key));
    });
}

const nullForNone = <T>(value: T | 'none' | undefined) => (value === 'none' ? null : value);

const changeOf = (options: LimitsOptions): KeyChange => ({
  total_limit_credits: nullForNone(options.totalLimit),
  daily_limit_credits: nullForNone(options.dailyLimit),
  expires_at: nullForNone(options.expires),
  reset_timezone: options.timeZone,
  allowed_models: options.model?.includes('all') ? null : options.model,
  scopes: options.scope,
});

const spent = (used: number, limit: number | null): string =>
  limit === null ? `${used} used, no limit` : `${used} of ${limit} used`;

const formatLimits = (key: Key): string =>
  formatFields([
    ['key', `${key.id} (${key.name})`],
    ['in all', spent(key.used_credits, key.total_limit_credits)],
    [
      'today',
      `${spent(key.daily_used_credits ?? 0, key.daily_limit_credits)} (${key.reset_timezone})`,
    ],
    ['models', key.allowed_models?.join(', ') ?? 'all'],
    ['scopes', key.scopes.join(', ')],
    ['expires', key.expires_at === null ? 'never' : formatTime(key.expires_at)],
  ]);

/** `darkroom keys delete`: deletes a key for good. */
function addDelete(keys: Command, terminal: Terminal): void {
  keyCommand(keys, 'delete', 'delete a key for good').action(
    async (name: string, options: KeyOptions) => {
      const api = await adminApiFor(options, terminal);
      const id = await findKeyId(api, name, options.account);
      const deleted = await api.deleteKey(id);
      terminal.print(options.json ? JSON.stringify(deleted) : `${id} is deleted`);
    },
  );
}
