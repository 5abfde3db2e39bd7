import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { FunctionDefinition } from '../../../local/aws/template/read-functions.ts';

const made: string[] = [];

afterAll(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true });
});

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-'));
  made.push(directory);
  return directory;
}

/** The definition of a function whose bundle is the given source. */
export function bundled(
  source: string,
  differing: Partial<FunctionDefinition> = {},
  file = 'index.mjs',
): FunctionDefinition {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, file), source);
  return {
    id: 'Work',
    name: 'Test-Work',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:Test-Work',
    directory,
    handler: 'index.handler',
    environment: {},
    timeoutSeconds: 20,
    memoryMb: 128,
    retryAttempts: 2,
    maxEventAgeSeconds: 6 * 60 * 60,
    ...differing,
  };
}

/** A log sink in memory. */
export function logLines() {
  const lines: string[] = [];
  return {
    lines,
    write: (_source: string, line: string) => void lines.push(line),
    close: async () => undefined,
  };
}
