import { type Command, InvalidArgumentError, Option } from 'commander';
import { inDoubt } from '../cli-error.ts';
import { adminApiFor } from '../connected.ts';
import { type ConnectionOptions, withConnection } from '../connection-options.ts';
import { facts } from '../facts.ts';
import { accountId } from '../identifiers.ts';
import { until } from '../moment.ts';
import { amount } from '../numbers.ts';
import { keyShownOnce } from '../shown-once.ts';
import type { Terminal } from '../terminal.ts';

type Options = ConnectionOptions & {
  readonly account: string;
  readonly name: string;
  readonly scope: readonly string[];
  readonly expires?: number;
  readonly totalLimit?: number;
  readonly dailyLimit?: number;
  readonly timeZone?: string;
  readonly model?: readonly string[];
};

/** `darkroom keys create`: a key, shown this once. */
export function addCreateKey(keys: Command, terminal: Terminal): void {
  withConnection(described(keys.command('create'), terminal.now)).action(
    async (options: Options) => {
      const api = await adminApiFor(options, terminal);
      const key = await api
        .createKey(orderOf(options))
        .catch(
          inDoubt(`\`darkroom keys list --account ${options.account}\` shows whether it is there`),
        );
      const text = facts([
        ['API key', key.api_key],
        ['key id', key.id],
        ['account', key.account],
      ]);
      terminal.print(options.json ? JSON.stringify(key) : `${text}\n\n${keyShownOnce}`);
    },
  );
}

function described(command: Command, now: () => number): Command {
  const expiry = (text: string): number => {
    const seconds = until(text, now());
    if (seconds !== undefined) return seconds;
    throw new InvalidArgumentError('It must be a time to come, like 12h, 30d or 2027-01-31.');
  };
  return command
    .description('make an API key')
    .requiredOption('--name <name>', 'what to call it')
    .option('--account <id>', 'whose key it is', accountId, 'default')
    .addOption(
      new Option('--scope <scope...>', 'what it may do')
        .choices(['generate', 'admin'])
        .default(['generate']),
    )
    .option('--expires <time>', 'when it ends: in 12h, in 30d, as 2027-01-31 begins', expiry)
    .option('--total-limit <credits>', 'what it may spend in all', amount)
    .option('--daily-limit <credits>', 'what it may spend a day', amount)
    .option('--time-zone <zone>', 'where its days begin, like Europe/Berlin (default: UTC)')
    .option('--model <model...>', 'the only models it may use (default: all)');
}

const orderOf = ({ account, name, scope, expires, totalLimit, dailyLimit, ...rest }: Options) => ({
  ...{ account, name, scopes: scope, expires_at: expires },
  ...{ total_limit_credits: totalLimit, daily_limit_credits: dailyLimit },
  ...{ reset_timezone: rest.timeZone, allowed_models: rest.model },
});
