import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FunctionDefinition } from '../local/template/read-functions.ts';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));

// As Lambda's runtime loads a handler, whatever kind of module it is.
const script = `
  const [url] = process.argv.slice(1);
  const start = performance.now();
  import(url).then(({ handler }) => {
    const took = performance.now() - start;
    if (typeof handler !== 'function') throw new Error('no handler in ' + url);
    process.stdout.write(String(took));
  });`;

/** How many milliseconds a fresh process needs to load this function's code. */
export function importMs({ directory, environment }: FunctionDefinition, file: string): number {
  const env = {
    ...environment,
    AWS_REGION: 'us-east-1',
    // Where Lambda has its own copy of the SDK, for code that does not bring one.
    NODE_PATH: modules,
    NODE_DISABLE_COMPILE_CACHE: '1',
  };
  const url = pathToFileURL(join(directory, file)).href;
  return Number(execFileSync(process.execPath, ['--eval', script, url], { env, encoding: 'utf8' }));
}
