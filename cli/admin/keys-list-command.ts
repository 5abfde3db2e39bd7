import type { Command } from 'commander';
import { adminApiFor } from '../connected.ts';
import { type ConnectionOptions, withConnection } from '../connection-options.ts';
import { accountId } from '../identifiers.ts';
import { allOption, type ListOptions, limitOption, printList } from '../list.ts';
import { type Column, future, number, past, words } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { Key } from './answers.ts';

type Options = ConnectionOptions & ListOptions & { readonly account: string };

/** `darkroom keys list`: the keys of an account, and what was spent through each. */
export function addListKeys(keys: Command, terminal: Terminal): void {
  withConnection(
    keys
      .command('list')
      .description('list the keys of an account, newest first')
      .option('--account <id>', 'whose keys', accountId, 'default')
      .addOption(limitOption)
      .addOption(allOption),
  ).action(async (options: Options) => {
    const api = await adminApiFor(options, terminal);
    const list = {
      pages: (slice: Parameters<typeof api.accounts>[0]) => api.keys(options.account, slice),
      ...{ columns, nothing: 'no keys' },
    };
    await printList(list, options, terminal);
  });
}

const columns: readonly Column<Key>[] = [
  words('id', ({ id }) => id),
  words('name', ({ name }) => name),
  words('ends in', ({ last_four }) => last_four),
  words('scopes', ({ scopes }) => scopes.join(',')),
  words('state', stateOf),
  number('used', ({ used_credits }) => used_credits),
  number('limit', ({ total_limit_credits }) => total_limit_credits),
  number('today', ({ daily_used_credits }) => daily_used_credits),
  number('daily limit', ({ daily_limit_credits }) => daily_limit_credits),
  past('last used', ({ last_used_at }) => last_used_at),
  future('expires', ({ expires_at }) => expires_at),
];

function stateOf({ enabled, expires_at }: Key, nowMs: number): string {
  if (!enabled) return 'disabled';
  return expires_at && expires_at * 1000 <= nowMs ? 'expired' : 'enabled';
}
