import type { Command } from 'commander';
import { type Column, textColumn } from '../program/format.ts';
import { printRows } from '../program/list.ts';
import type { Terminal } from '../program/terminal.ts';
import { deleteProfile, readProfiles, useProfile } from './profile-store.ts';

/** `darkroom logout`: deletes a profile. The key goes on working. */
export function addLogout(program: Command, terminal: Terminal): void {
  program
    .command('logout')
    .description('delete a stored address and its key; the key itself goes on working')
    .option('--profile <name>', 'which profile', 'default')
    .action(async ({ profile }: { readonly profile: string }) => {
      await deleteProfile(profile, terminal.env);
      terminal.print(`the profile ${profile} is deleted`);
    });
}

type Options = { readonly use?: string; readonly json?: true };
type Row = { readonly name: string; readonly url: string; readonly ends: string; current: boolean };

/** `darkroom profiles`: the stored addresses, without their keys; on request another one is used from now on. */
export function addProfiles(program: Command, terminal: Terminal): void {
  program
    .command('profiles')
    .description('list the stored addresses, or choose the one that is used')
    .option('--use <name>', 'use this one when none is named')
    .option('--json', 'print them as JSON')
    .action(async ({ use, json }: Options) => {
      if (use !== undefined) await useProfile(use, terminal.env);
      const { current, profiles } = await readProfiles(terminal.env);
      const rows = Object.entries(profiles).map(
        ([name, { url, key }]): Row => ({
          name,
          url,
          ends: key.slice(-4),
          current: name === current,
        }),
      );
      printRows(
        rows,
        { columns, emptyText: 'no profiles: `darkroom login` makes one' },
        { json },
        terminal,
      );
    });
}

const columns: readonly Column<Row>[] = [
  textColumn('name', ({ name }) => name),
  textColumn('address', ({ url }) => url),
  textColumn('key ends in', ({ ends }) => ends),
  textColumn('used', ({ current }) => (current ? 'yes' : '')),
];
