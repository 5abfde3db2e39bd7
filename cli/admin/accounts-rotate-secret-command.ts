import type { Command } from 'commander';
import { isoTime } from '../age.ts';
import { inDoubt } from '../cli-error.ts';
import { adminApiFor } from '../connected.ts';
import { type ConnectionOptions, withConnection } from '../connection-options.ts';
import { type Fact, facts } from '../facts.ts';
import { accountId } from '../identifiers.ts';
import { wholeNumber } from '../numbers.ts';
import { secretShownOnce } from '../shown-once.ts';
import type { Terminal } from '../terminal.ts';

type Options = ConnectionOptions & { readonly overlapHours?: number };

/** `darkroom accounts rotate-secret`: another secret to sign callbacks with, shown this once. */
export function addRotateSecret(accounts: Command, terminal: Terminal): void {
  withConnection(
    accounts
      .command('rotate-secret')
      .description('make a new webhook secret')
      .argument('<id>', 'of which account', accountId)
      .option(
        '--overlap-hours <count>',
        'how long callbacks are signed with the old one too, 0 to 168 (default: 24)',
        wholeNumber(0, 168),
      ),
  ).action(async (id: string, options: Options) => {
    const api = await adminApiFor(options, terminal);
    const secret = await api
      .rotateSecret(id, { overlap_hours: options.overlapHours })
      .catch(inDoubt('the secret may be another one now, so make a new one once more'));
    const { webhook_secret, previous_valid_until: until } = secret;
    const text = facts([
      ['webhook secret', webhook_secret],
      ...(typeof until === 'number' ? [['old one until', isoTime(until)] satisfies Fact] : []),
    ]);
    terminal.print(options.json ? JSON.stringify(secret) : `${text}\n\n${secretShownOnce}`);
  });
}
