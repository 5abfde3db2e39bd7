import type { Command } from 'commander';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import type { Terminal } from '../program/terminal.ts';
import { filterOf, printUsage, type UsageOptions, withUsageOptions } from './usage-options.ts';

/** `darkroom usage`: what the account has used, by day, key or model. */
export function addUsage(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    withUsageOptions(
      program.command('usage').description('show what the account has used'),
      ['day', 'key', 'model'],
      terminal,
    ),
  ).action(async (options: ConnectionOptions & UsageOptions) => {
    const api = await apiFor(options, terminal);
    const filter = filterOf(options);
    const source = {
      fetchPage: (page: { limit: number; cursor: string | undefined }) =>
        api.usage(Object.assign({}, page, filter)),
      fetchCsv: (cursor: string | undefined) => api.usageCsv(Object.assign({ cursor }, filter)),
    };
    await printUsage(source, options, terminal);
  });
}
