import { Argument, type Command } from 'commander';
import type { Terminal } from './terminal.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** `darkroom completion`: prints a script with which a shell completes the commands and options of this program. */
export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action((shell: Shell) => terminal.print(scripts[shell](placesOf(program))));
}

type Word = { readonly word: string; readonly description: string; readonly takesValue: boolean };
/** A place in the command line: after these commands, these words may come. */
type Place = {
  readonly path: readonly string[];
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
};

function placesOf(command: Command, path: readonly string[] = []): readonly Place[] {
  const commands = command.commands.map((one) => ({
    word: one.name(),
    description: one.description(),
    takesValue: false,
  }));
  const options = [
    ...command.options.map(({ long, description, required, optional }) => ({
      word: long ?? '',
      description,
      takesValue: required || optional,
    })),
    { word: '--help', description: 'show what it does', takesValue: false },
  ].filter(({ word }) => word !== '');
  return [
    { path, commands, options },
    ...command.commands.flatMap((one) => placesOf(one, [...path, one.name()])),
  ];
}

const wordsOf = ({ commands, options }: Place): string =>
  [...commands, ...options].map(({ word }) => word).join(' ');
// " keys create": the commands so far, each with a space in front.
const keyOf = (path: readonly string[]): string => path.map((name) => ` ${name}`).join('');
const pathCases = (places: readonly Place[]): string =>
  places
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `"${keyOf(path)}"`)
    .join('|');

// The scripts follow the words from left to right; words that are no commands do not change the place.
const bash = (places: readonly Place[]): string => `# darkroom completion bash
_darkroom() {
  local at="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${pathCases(places)}) at="$at $word" ;;
    esac
  done
  case "$at" in
${places.map((place) => `    "${keyOf(place.path)}") words="${wordsOf(place)}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _darkroom darkroom`;

const zsh = (places: readonly Place[]): string => `#compdef darkroom
# darkroom completion zsh
_darkroom() {
  local at="" i
  local -a candidates
  for (( i = 2; i < CURRENT; i++ )); do
    case "$at \${words[i]}" in
      ${pathCases(places)}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at" in
${places.map((place) => `    "${keyOf(place.path)}") candidates=(${wordsOf(place)}) ;;`).join('\n')}
  esac
  compadd -- $candidates
  _files
}
compdef _darkroom darkroom`;

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options }) => {
    const here = conditionOf(path, commands);
    const start = `complete -c darkroom -n ${quote(here)}`;
    return [
      ...commands.map(({ word, description }) => `${start} -f -a ${word} -d ${quote(description)}`),
      ...options.map(
        ({ word, description, takesValue }) =>
          `${start} -l ${word.slice(2)} -d ${quote(description)}${takesValue ? ' -r' : ''}`,
      ),
    ];
  });
  return ['# darkroom completion fish', ...lines].join('\n');
}

function conditionOf(path: readonly string[], commands: readonly Word[]): string {
  const below = commands.map(({ word }) => word).join(' ');
  const parts = [
    ...path.map((name) => `__fish_seen_subcommand_from ${name}`),
    ...(below ? [`not __fish_seen_subcommand_from ${below}`] : []),
  ];
  return parts.join('; and ') || 'true';
}

const scripts: Readonly<Record<Shell, (places: readonly Place[]) => string>> = { bash, zsh, fish };
