import { endWith } from '../program/cli-error.ts';
import { exitCodes } from '../program/exit-codes.ts';
import { type Terminal, toSingleLine } from '../program/terminal.ts';
import type { Generated } from './generate.ts';

/**
 * Prints what was generated: a path a line on stdout, time and price on stderr.
 * @throws {CliError} without a message, when pictures are missing
 */
export function printGenerated(
  generated: Generated,
  { json }: { readonly json?: true },
  { print, printNote }: Pick<Terminal, 'print' | 'printNote'>,
): void {
  const { files, seconds, credits, missing } = generated;
  for (const reason of missing) printNote(`not made: ${toSingleLine(reason)}`);
  if (json) {
    print(JSON.stringify(generated));
  } else {
    print(files.join('\n'));
    const price = `${credits} ${credits === 1 ? 'credit' : 'credits'}`;
    printNote(`${seconds.toFixed(1)} s, ${price}`);
  }
  endWith(missing.length > 0 ? exitCodes.partial : exitCodes.done);
}
