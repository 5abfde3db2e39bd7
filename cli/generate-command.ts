import type { Command } from 'commander';
import { defaultModel } from '../functions/domain/model/catalogue.ts';
import { wholeNumberParser } from './arguments.ts';
import { type ConnectionOptions, findConnection, withConnectionOptions } from './connection.ts';
import { formatSummary, generate } from './generate.ts';
import { createProgress } from './progress.ts';
import { type Terminal, toSingleLine } from './terminal.ts';

type Options = ConnectionOptions & {
  readonly prompt: string;
  readonly n?: number;
  readonly model?: string;
  readonly out: string;
};

/** `darkroom generate`: uploads pictures, waits for the task and saves its results. */
export function addGenerate(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('generate')
      .description('generate pictures from one or two pictures, and save them')
      .argument('<picture...>', 'files (JPEG, PNG without transparency, WebP, BMP) or addresses')
      .requiredOption('--prompt <text>', 'what to make of them')
      .option(
        '--n <count>',
        `how many pictures to make, 1 to ${defaultModel.maxN}`,
        wholeNumberParser(1, defaultModel.maxN),
      )
      .option('--model <model>', 'which model makes them')
      .option('--out <directory>', 'where to save them', 'out'),
  ).action(async (pictures: readonly string[], options: Options) => {
    const { prompt, n, model, out, json } = options;
    const { url, key } = await findConnection(options, terminal);
    const progress = createProgress();
    const generated = await generate({
      url,
      key,
      pictures,
      prompt,
      n,
      model,
      out,
      onProgress: progress.show,
    }).finally(progress.end);
    for (const reason of generated.missing) {
      terminal.printNote(`not made: ${toSingleLine(reason)}`);
    }
    terminal.print(json ? JSON.stringify(generated) : formatSummary(generated));
  });
}
