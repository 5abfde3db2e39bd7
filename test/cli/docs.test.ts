import { readFileSync } from 'node:fs';
import type { Argument, Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { createDarkroom } from '../../cli/darkroom-commands.ts';
import { exitCodes } from '../../cli/program/exit-codes.ts';
import { processTerminal } from '../../cli/program/process-terminal.ts';

// docs/cli.md repeats the help of the commands: each command has a section with its arguments and its options.

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const sections = new Map(
  page
    .split(/^(?=#{2,3} )/m)
    .map((part) => [part.slice(0, part.indexOf('\n')).replace(/^#+ /, ''), part] as const),
);

type Named = { readonly name: string; readonly command: Command };
const leaves = (command: Command, name: string): readonly Named[] =>
  command.commands.length === 0
    ? [{ name, command }]
    : command.commands.flatMap((one) => leaves(one, `${name} ${one.name()}`));
const commands = leaves(createDarkroom(processTerminal()), 'darkroom');

const common = ['--url', '--key', '--profile', '--json'];
const callsApi = ({ options }: Command) => options.some(({ long }) => long === '--key');

const argumentText = (one: Argument) => {
  const name = `${one.name()}${one.variadic ? '...' : ''}`;
  return one.required ? `<${name}>` : `[${name}]`;
};
const optionText = ({ description, argChoices, defaultValue }: Option) => {
  const choices = argChoices ? ` (${argChoices.join(', ')})` : '';
  const isShown = defaultValue !== undefined && typeof defaultValue !== 'boolean';
  return `${description}${choices}${isShown ? ` (default: ${[defaultValue].flat().join(', ')})` : ''}`;
};
const row = (first: string, second: string) =>
  `| ${first.replaceAll('|', '\\|')} | ${second.replaceAll('|', '\\|')} |`;

const rowsFor = (command: Command): readonly string[] => [
  ...command.registeredArguments.map((one) =>
    row(`\`${argumentText(one).replace('...', '')}\``, one.description),
  ),
  ...command.options
    .filter(({ long }) => !callsApi(command) || !common.includes(long ?? ''))
    .map((one) => row(`\`${one.flags}\``, optionText(one))),
];
const rowsIn = (section: string): readonly string[] =>
  section.split('\n').filter((line) => /^\| `/.test(line));

describe('docs/cli.md', () => {
  test('has a section for every command, and for no other', () => {
    const documented = [...sections.keys()].filter((name) => name.startsWith('darkroom '));

    expect(commands.length).toBeGreaterThan(35);
    expect(documented.sort()).toEqual(commands.map(({ name }) => name).sort());
  });

  test.each(commands)('says of $name how to call it, and its options', ({ name, command }) => {
    const section = sections.get(name) ?? '';
    const usage = [name, ...command.registeredArguments.map(argumentText)].join(' ');

    expect(section).toContain(`\n\`${usage}\`: ${command.description()}.\n`);
    expect(rowsIn(section)).toEqual(rowsFor(command));
  });

  test('describes the options that every command which calls the API has', () => {
    const command = commands.find(({ name }) => name === 'darkroom credits')?.command;
    const rows = (command?.options ?? []).map((one) => row(`\`${one.flags}\``, optionText(one)));

    expect(rows).toHaveLength(common.length);
    expect(rowsIn(sections.get('Which API') ?? '')).toEqual(rows);
  });

  test('has every exit code in its table', () => {
    const codes = [...(sections.get('For scripts') ?? '').matchAll(/^\| (\d+) \| \S/gm)];

    expect(codes.map(([, code]) => Number(code))).toEqual([...Object.values(exitCodes), 130]);
  });
});
