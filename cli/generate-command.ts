import type { Command } from 'commander';
import { connection } from './connection.ts';
import { type ConnectionOptions, withConnection } from './connection-options.ts';
import { generate } from './generate.ts';
import { wholeNumber } from './numbers.ts';
import { oneLine } from './one-line.ts';
import { progress } from './progress.ts';
import { summary } from './summary.ts';
import type { Terminal } from './terminal.ts';

type Options = ConnectionOptions & {
  readonly prompt: string;
  readonly n?: number;
  readonly model?: string;
  readonly out: string;
};

/** `darkroom generate`: pictures out of pictures. */
export function addGenerate(program: Command, terminal: Terminal): void {
  withConnection(
    program
      .command('generate')
      .description('have pictures made from one or two pictures, and save them')
      .argument('<picture...>', 'files (JPEG, PNG without transparency, WebP, BMP) or addresses')
      .requiredOption('--prompt <text>', 'what to make of them')
      .option('--n <count>', 'how many pictures to make, 1 to 4', wholeNumber(1, 4))
      .option('--model <model>', 'which model makes them')
      .option('--out <directory>', 'where to save them', 'out'),
  ).action(async (pictures: readonly string[], options: Options) => {
    const { prompt, n, model, out, json } = options;
    const { url, key } = await connection(options, terminal);
    const { show, end } = progress();
    const generated = await generate({
      ...{ url, key, pictures, prompt, n, model, out },
      onProgress: show,
    }).finally(end);
    for (const reason of generated.missing) terminal.remark(`not made: ${oneLine(reason)}`);
    terminal.print(json ? JSON.stringify(generated) : summary(generated));
  });
}
