import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

/** The path of the command, when it is not in `PATH`. */
const { SCHEMATHESIS } = process.env;
const command = SCHEMATHESIS === undefined ? 'schemathesis' : resolve(SCHEMATHESIS);

/** Why Schemathesis cannot run here, or `undefined` when it can. It comes from PyPI, not from npm. */
export function reasonToSkip(): string | undefined {
  const { error } = spawnSync(command, ['--version']);
  return error && 'there is no Schemathesis (pip install schemathesis, or SCHEMATHESIS=<its path>)';
}

export type RunResult = {
  readonly code: number;
  /** How many requests were generated and sent. */
  readonly requests: number;
  readonly report: string;
};

/** Runs Schemathesis: it generates requests from the OpenAPI document, and checks the responses against it. */
export async function runSchemathesis(url: string, options: readonly string[]): Promise<RunResult> {
  const document = resolve('docs/openapi.json');
  const child = spawn(
    command,
    ['run', document, '--url', url, '--no-color', ...options],
    // It writes files into its working directory.
    { cwd: mkdtempSync(join(tmpdir(), 'schemathesis-')), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [report, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const [, requests] = /^\s*([\d,]+) generated/m.exec(report) ?? [];
  return { code: Number(code), requests: Number(requests?.replaceAll(',', '')), report };
}
