import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

/** Where it is, when it is not to be found by its name alone. */
const { SCHEMATHESIS } = process.env;
const command = SCHEMATHESIS === undefined ? 'schemathesis' : resolve(SCHEMATHESIS);

/** Why Schemathesis cannot run here, if it cannot: it comes from PyPI. */
export function whyNot(): string | undefined {
  const { error } = spawnSync(command, ['--version']);
  return error && 'there is no Schemathesis (pip install schemathesis, or SCHEMATHESIS=<its path>)';
}

export type Verdict = {
  readonly code: number;
  /** Requests that were made up and sent. */
  readonly requests: number;
  readonly report: string;
};

/** Lets it send what it makes up out of the document, and judge the answers by the document. */
export async function schemathesis(url: string, options: readonly string[]): Promise<Verdict> {
  const document = resolve('docs/openapi.json');
  const child = spawn(
    command,
    ['run', document, '--url', url, '--no-color', ...options],
    // It keeps notes where it runs.
    { cwd: mkdtempSync(join(tmpdir(), 'schemathesis-')), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [report, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const [, requests] = /^\s*([\d,]+) generated/m.exec(report) ?? [];
  return { code: Number(code), requests: Number(requests?.replaceAll(',', '')), report };
}
