import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { addChangeKey } from './keys-change-command.ts';
import { addCreateKey } from './keys-create-command.ts';
import { addDeleteKey } from './keys-delete-command.ts';
import { addListKeys } from './keys-list-command.ts';

/** `darkroom keys`: who may use the API, and for how much. */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program.command('keys').description('make and manage API keys, with an admin key');
  addCreateKey(keys, terminal);
  addListKeys(keys, terminal);
  addChangeKey(keys, terminal);
  addDeleteKey(keys, terminal);
}
