import type { Command } from 'commander';
import { adminApiFor } from '../connected.ts';
import { type ConnectionOptions, withConnection } from '../connection-options.ts';
import { keyId } from '../identifiers.ts';
import type { Terminal } from '../terminal.ts';

/** `darkroom keys delete`: a key that is a key no more. */
export function addDeleteKey(keys: Command, terminal: Terminal): void {
  withConnection(
    keys
      .command('delete')
      .description('delete a key for good')
      .argument('<key-id>', 'which one, as `darkroom keys list` shows it', keyId),
  ).action(async (id: string, options: ConnectionOptions) => {
    const deleted = await (await adminApiFor(options, terminal)).deleteKey(id);
    terminal.print(options.json ? JSON.stringify(deleted) : `${id} is deleted`);
  });
}
