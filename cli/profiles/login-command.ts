import type { Command } from 'commander';
import { findConnection } from '../api/connection.ts';
import { createSender } from '../api/send.ts';
import { usageError } from '../program/cli-error.ts';
import type { Terminal } from '../program/terminal.ts';
import { checkProfileName, saveProfile } from './profile-store.ts';

type Options = { readonly url?: string; readonly profile: string; readonly json?: true };

/** `darkroom login`: stores an address and the key for it, after trying them. */
export function addLogin(program: Command, terminal: Terminal): void {
  program
    .command('login')
    .description('store an address and its key, which is asked for or read from stdin')
    .option('--url <address>', 'address of the API (or DARKROOM_URL)')
    .option('--profile <name>', 'the name to store them under', 'default')
    .option('--json', 'print the response as JSON')
    .action(async (options: Options) => {
      const { profile, json } = options;
      checkProfileName(profile);
      const url = options.url ?? terminal.env['DARKROOM_URL'];
      if (!url) throw usageError('No address: give --url, or set DARKROOM_URL');
      // An address that cannot work is refused before anybody types a key.
      await findConnection({ url, key: '-' }, terminal);
      const key = await terminal.readSecret('API key: ');
      const connection = await findConnection({ url, key }, terminal);
      const { darkroomApi } = await import('../api/api.ts');
      const access = { url, key: connection.key, send: createSender(terminal) };
      const { data } = await darkroomApi(access).credits();
      const file = await saveProfile(profile, connection, terminal.env);
      const text = `stored as ${profile} in ${file}; the account has ${data.user.remaining_credits} credits`;
      terminal.print(json ? JSON.stringify({ profile, url, file }) : text);
    });
}
