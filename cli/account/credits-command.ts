import type { Command } from 'commander';
import type { Credits } from '../api/api.ts';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { type Field, formatFields } from '../program/format.ts';
import type { Terminal } from '../program/terminal.ts';

/** `darkroom credits`: what the account has left, and what this key may use of it. */
export function addCredits(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program.command('credits').description('show the credits of the account and of this key'),
  ).action(async (options: ConnectionOptions) => {
    const api = await apiFor(options, terminal);
    const { data } = await api.credits();
    terminal.print(options.json ? JSON.stringify(data) : formatCredits(data));
  });
}

function formatCredits({ user, token }: Credits['data']): string {
  const left = token.unlimited_credits ? 'no limit' : `${token.remaining_credits} left`;
  return formatFields([
    ['account', `${user.remaining_credits} left, ${user.used_credits} used`],
    ['this key', `${left}, ${token.used_credits} used`],
    ...todayFields(token),
  ]);
}

type Token = Credits['data']['token'];

function todayFields({ daily_limit_credits, daily_used_credits, reset_timezone }: Token): Field[] {
  if (daily_limit_credits === undefined) return [];
  const used = `${daily_used_credits ?? 0} of ${daily_limit_credits} used`;
  return [['today', reset_timezone ? `${used} (${reset_timezone})` : used]];
}
