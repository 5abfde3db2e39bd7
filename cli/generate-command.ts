import { type Command, InvalidArgumentError } from 'commander';
import { connection } from './connection.ts';
import { generate } from './generate.ts';
import { progress } from './progress.ts';
import { summary } from './summary.ts';

type Options = {
  readonly prompt: string;
  readonly n?: number;
  readonly model?: string;
  readonly out: string;
  readonly url?: string;
  readonly key?: string;
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
    .option('--url <address>', 'address of the API (or DARKROOM_URL)')
    .option('--key <key>', 'API key (or DARKROOM_KEY, which no process list shows)')
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
  for (const reason of generated.missing) process.stderr.write(`not made: ${reason}\n`);
  console.log(json ? JSON.stringify(generated) : summary(generated));
}

function count(text: string): number {
  if (/^[1-4]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 to 4.');
}
