import type { Command } from 'commander';
import type { Model } from '../api/api.ts';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { type Column, numberColumn, textColumn } from '../program/format.ts';
import { printRows } from '../program/list.ts';
import type { Terminal } from '../program/terminal.ts';

/** `darkroom models`: the models, their prices and their limits. */
export function addModels(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program.command('models').description('list the models, their prices and their limits'),
  ).action(async (options: ConnectionOptions) => {
    const api = await apiFor(options, terminal);
    const { data } = await api.models();
    printRows(data, { columns, emptyText: 'no models' }, options, terminal);
  });
}

const columns: readonly Column<Model>[] = [
  textColumn('id', ({ id }) => id),
  numberColumn('credits', ({ credits_per_image }) => credits_per_image),
  numberColumn('pictures', ({ limits }) => limits.images),
  numberColumn('n', ({ limits }) => limits.n),
  textColumn('sides', ({ limits }) => limits.side_pixels.join(' to ')),
  numberColumn('MB', ({ limits }) => Math.floor(limits.image_bytes / 1024 ** 2)),
  numberColumn('prompt', ({ limits }) => limits.prompt_characters),
  textColumn('other names', ({ aliases }) => aliases.join(',')),
];
