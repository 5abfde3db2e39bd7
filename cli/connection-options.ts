import { type Command, Option } from 'commander';

/** The options of every command that talks to the API. */
export type ConnectionOptions = {
  readonly url?: string;
  readonly key?: string;
  readonly json?: true;
};

export const withConnection = (command: Command): Command =>
  command
    .addOption(new Option('--url <address>', 'address of the API (or DARKROOM_URL)'))
    .addOption(new Option('--key <key>', 'API key (or DARKROOM_KEY, which no process list shows)'))
    .addOption(new Option('--json', 'print the answer as JSON'));
