import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FunctionDefinition } from '../local/aws/template/read-functions.ts';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));

// Lambda's runtime loads a handler with import(), both ES modules and CommonJS.
const script = `
  const [url] = process.argv.slice(1);
  const start = performance.now();
  import(url).then(({ handler }) => {
    const took = performance.now() - start;
    if (typeof handler !== 'function') throw new Error('no handler in ' + url);
    process.stdout.write(String(took));
  });`;

/** How many milliseconds a fresh process takes to load the code of this function. */
export function importMs({ directory, environment }: FunctionDefinition, file: string): number {
  const env = {
    ...environment,
    AWS_REGION: 'us-east-1',
    // Stands for Lambda's own copy of the SDK, for bundles that do not contain the SDK.
    NODE_PATH: modules,
    NODE_DISABLE_COMPILE_CACHE: '1',
  };
  const url = pathToFileURL(join(directory, file)).href;
  return Number(execFileSync(process.execPath, ['--eval', script, url], { env, encoding: 'utf8' }));
}
