import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestStack } from './open-stack.ts';
import { type Receiver, serveImages } from './receiver.ts';
import { startStack } from './start-stack.ts';

// Clients are generated from docs/openapi.json, compiled, and take a task from its create to its images.

const clients = resolve('test/clients');
/** A Python that has openapi-python-client, when it is not the one in `PATH`. */
const { CLIENTS_PYTHON } = process.env;
const python = CLIENTS_PYTHON === undefined ? 'python3' : resolve(CLIENTS_PYTHON);
const hasPython = spawnSync(python, ['-c', 'import openapi_python_client']).status === 0;
if (!hasPython) {
  process.stdout.write(
    `Skipped: the generated Python client. ${python} does not have the packages in test/clients/requirements.txt (pip install -r, and CLIENTS_PYTHON=<the Python>)\n`,
  );
}

let stack: TestStack;
let images: Receiver;
let folder: string;

beforeAll(async () => {
  // Below the package that the typed client belongs to, so that Node and the compiler find what it imports.
  mkdirSync(join(clients, '.local'), { recursive: true });
  folder = mkdtempSync(join(clients, '.local/generated-'));
  images = await serveImages({ '/sample.jpg': readFileSync('cli/sample.jpg') });
  stack = await startStack();
});
afterAll(async () => {
  await stack?.close();
  await images?.close();
  rmSync(folder, { recursive: true });
});

/** Runs a program to its end. @returns what it printed @throws {Error} with all that it said when it fails */
async function run(command: string, args: readonly string[], env: object = {}): Promise<string> {
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, ...env } });
  const [printed, said, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(`${command} ended with ${code}.\n${printed}\n${said}`);
  return printed;
}

const copied = (file: string): string => {
  copyFileSync(join(clients, file), join(folder, file));
  return file;
};
const callArguments = () => [stack.url, stack.keys.apiKey, `${images.url}/sample.jpg`];
const wholeTask = {
  status: 'completed',
  results: [expect.stringContaining('/v1/results/')],
  credits: 1.2,
  listed: [1],
  success: true,
};

test('the types of openapi-typescript compile, and openapi-fetch runs a whole task with them', async () => {
  const document = resolve('docs/openapi.json');
  const generator = join(clients, 'node_modules/openapi-typescript/bin/cli.js');
  await run(process.execPath, [generator, document, '--output', join(folder, 'schema.d.ts')]);
  copied('tsconfig.json');
  copied('run-task.ts');

  await run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '--project', folder]);
  const printed = await run(process.execPath, [join(folder, 'run-task.ts'), ...callArguments()]);

  expect(JSON.parse(printed)).toEqual(wholeTask);
});

test.skipIf(!hasPython)(
  'openapi-python-client generates a client without leaving anything out but pictures, and it runs a whole task',
  async () => {
    const output = join(folder, 'python');
    const document = resolve('docs/openapi.json');
    const said = await run(python, [
      ...['-m', 'openapi_python_client', 'generate', '--meta', 'none'],
      ...['--path', document, '--output-path', join(output, 'darkroom_client')],
    ]);
    const program = copied('run_task.py');

    const printed = await run(python, [join(folder, program), ...callArguments()], {
      PYTHONPATH: output,
    });

    const warnings = said.match(/^WARNING.*$/gm) ?? [];
    expect(warnings.filter((line) => !line.endsWith('within pictures.'))).toEqual([]);
    expect(JSON.parse(printed)).toEqual(wholeTask);
  },
);
