import type { Command } from 'commander';
import type { Credits } from './answers.ts';
import { apiFor } from './connected.ts';
import { type ConnectionOptions, withConnection } from './connection-options.ts';
import { type Fact, facts } from './facts.ts';
import type { Terminal } from './terminal.ts';

/** `darkroom credits`: what the account has left, and what this key may use of it. */
export function addCredits(program: Command, terminal: Terminal): void {
  withConnection(
    program.command('credits').description('show the credits of the account and of this key'),
  ).action(async (options: ConnectionOptions) => {
    const credits = await (await apiFor(options, terminal)).credits();
    terminal.print(options.json ? JSON.stringify(credits.data) : creditFacts(credits));
  });
}

function creditFacts({ data: { user, token } }: Credits): string {
  const left = token.unlimited_credits ? 'no limit' : `${token.remaining_credits} left`;
  return facts([
    ['account', `${user.remaining_credits} left, ${user.used_credits} used`],
    ['this key', `${left}, ${token.used_credits} used`],
    ...today(token),
  ]);
}

type Token = Credits['data']['token'];

function today({ daily_limit_credits, daily_used_credits, reset_timezone }: Token): Fact[] {
  if (typeof daily_limit_credits !== 'number') return [];
  const used = `${daily_used_credits ?? 0} of ${daily_limit_credits} used`;
  return [['today', reset_timezone ? `${used} (${reset_timezone})` : used]];
}
