import { fileURLToPath } from 'node:url';
import { createProgram, runProgram } from './program/command-line.ts';
import { createProgress } from './program/progress.ts';
import { runDemo } from './run-demo.ts';
import { formatSummary } from './tasks/generate.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sample = fileURLToPath(new URL('sample.jpg', import.meta.url));

const program = createProgram('demo', 'One picture through the whole system, on this machine.')
  .argument('[picture]', 'the picture to edit', sample)
  .argument('[prompt]', 'what to make of it', 'Replace the background with a starry sky')
  .action(async (picture: string, prompt: string) => {
    const generated = await runDemo({
      command: [process.execPath, 'local/start.ts', '--no-thumbnails'],
      cwd: root,
      picture,
      prompt,
      out: 'out',
      progress: createProgress(),
    });
    console.log(formatSummary(generated));
  });

await runProgram(program);
