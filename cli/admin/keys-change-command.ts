import type { Command } from 'commander';
import { adminApiFor } from '../connected.ts';
import { type ConnectionOptions, withConnection } from '../connection-options.ts';
import { keyId } from '../identifiers.ts';
import { oneLine } from '../one-line.ts';
import type { Terminal } from '../terminal.ts';
import type { KeyChange } from './admin-api.ts';
import type { Key } from './answers.ts';

/** `darkroom keys disable`, `enable` and `rename`: a key becomes another, and stays the same secret. */
export function addChangeKey(keys: Command, terminal: Terminal): void {
  const change = async (id: string, to: KeyChange, options: ConnectionOptions) => {
    const key = await (await adminApiFor(options, terminal)).changeKey(id, to);
    terminal.print(options.json ? JSON.stringify(key) : sentence(key));
  };
  const command = (name: string, description: string) =>
    keys
      .command(name)
      .description(description)
      .argument('<key-id>', 'which one, as `darkroom keys list` shows it', keyId);

  withConnection(command('disable', 'refuse a key until it is enabled again')).action(
    (id: string, options: ConnectionOptions) => change(id, { enabled: false }, options),
  );
  withConnection(command('enable', 'take a disabled key again')).action(
    (id: string, options: ConnectionOptions) => change(id, { enabled: true }, options),
  );
  withConnection(
    command('rename', 'give a key another name').argument('<name>', 'what to call it'),
  ).action((id: string, name: string, options: ConnectionOptions) => change(id, { name }, options));
}

const sentence = ({ id, name, enabled }: Key): string =>
  oneLine(`${id} (${name}) is ${enabled ? 'enabled' : 'disabled'}`);
