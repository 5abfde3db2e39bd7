import { type Command, InvalidArgumentError } from 'commander';
import { connection } from './connection.ts';
import { type ConnectionOptions, keyOption, urlOption } from './connection-options.ts';
import { generate } from './generate.ts';
import { oneLine } from './one-line.ts';
import { progress } from './progress.ts';
import { summary } from './summary.ts';

type Options = ConnectionOptions & {
  readonly prompt: string;
  readonly n?: number;
  readonly model?: string;
  readonly out: string;
  readonly json?: true;
};

/** `darkroom generate`: pictures out of pictures. */
export function addGenerate(program: Command): void {
  program
    .command('generate')
    .description('have pictures made from one or two pictures, and save them')
    .argument('<picture...>', 'files (JPEG, PNG without transparency, WebP, BMP) or addresses')
    .requiredOption('--prompt <text>', 'what to make of them')
    .option('--n <count>', 'how many pictures to make, 1 to 4', count)
    .option('--model <model>', 'which model makes them')
    .option('--out <directory>', 'where to save them', 'out')
    .addOption(urlOption)
    .addOption(keyOption)
    .option('--json', 'print the result as JSON')
    .action(run);
}

async function run(pictures: readonly string[], options: Options): Promise<void> {
  const { prompt, n, model, out, json } = options;
  const { url, key } = await connection(options, { env: process.env, directory: process.cwd() });
  const { show, end } = progress();
  const generated = await generate({
    ...{ url, key, pictures, prompt, n, model, out },
    onProgress: show,
  }).finally(end);
  for (const reason of generated.missing) process.stderr.write(`not made: ${oneLine(reason)}\n`);
  console.log(json ? JSON.stringify(generated) : summary(generated));
}

function count(text: string): number {
  if (/^[1-4]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 to 4.');
}
