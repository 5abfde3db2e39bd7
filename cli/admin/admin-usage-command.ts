import type { Command } from 'commander';
import {
  filterOf,
  printUsage,
  type UsageOptions,
  withUsageOptions,
} from '../account/usage-options.ts';
import { adminApiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { parseAccountId } from '../program/arguments.ts';
import type { Terminal } from '../program/terminal.ts';

type Options = ConnectionOptions & UsageOptions & { readonly account?: string };

/** `darkroom admin usage`: what one account or all have used. */
export function addAdminUsage(admin: Command, terminal: Terminal): void {
  withConnectionOptions(
    withUsageOptions(
      admin
        .command('usage')
        .description('show what one account or all have used')
        .option('--account <id>', 'only this account (default: all)', parseAccountId),
      ['account', 'day', 'key', 'model'],
      terminal,
    ),
  ).action(async (options: Options) => {
    const api = await adminApiFor(options, terminal);
    const filter = Object.assign(filterOf(options), { account: options.account });
    const source = {
      fetchPage: (page: { limit: number; cursor: string | undefined }) =>
        api.usage(Object.assign({}, page, filter)),
      fetchCsv: (cursor: string | undefined) => api.usageCsv(Object.assign({ cursor }, filter)),
    };
    await printUsage(source, options, terminal);
  });
}
