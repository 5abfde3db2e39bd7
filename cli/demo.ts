import { fileURLToPath } from 'node:url';
import { commandLine, run } from './command-line.ts';
import { progress } from './progress.ts';
import { runDemo } from './run-demo.ts';
import { summary } from './summary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sample = fileURLToPath(new URL('sample.jpg', import.meta.url));

const program = commandLine('demo', 'One picture through the whole system, on this machine.')
  .argument('[picture]', 'a picture to begin with', sample)
  .argument('[prompt]', 'what to make of it', 'Replace the background with a starry sky')
  .action(async (picture: string, prompt: string) => {
    const generated = await runDemo({
      command: [process.execPath, 'local/main.ts'],
      cwd: root,
      ...{ picture, prompt, out: 'out', progress: progress() },
    });
    console.log(summary(generated));
  });

await run(program);
