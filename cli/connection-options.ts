import { Option } from 'commander';

/** The options of every command that talks to the API. */
export type ConnectionOptions = { readonly url?: string; readonly key?: string };

export const urlOption = new Option('--url <address>', 'address of the API (or DARKROOM_URL)');
export const keyOption = new Option(
  '--key <key>',
  'API key (or DARKROOM_KEY, which no process list shows)',
);
