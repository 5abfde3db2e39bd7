import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError, fileError } from './cli-error.ts';
import type { Send } from './send.ts';

type Results = { readonly id: string; readonly links: readonly string[]; readonly out: string };

const extensions: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
};

/**
 * Makes the directory for the results, unless it exists, and writes and removes an empty file in it: nothing is paid
 * for results that cannot be saved.
 * @throws {CliError} when it cannot be written to
 */
export async function prepareOutputDirectory(path: string): Promise<void> {
  const probe = join(path, `.darkroom-${randomUUID()}`);
  try {
    await mkdir(path, { recursive: true });
    await writeFile(probe, '', { flag: 'wx' });
    await rm(probe);
  } catch (thrown) {
    throw fileError(`Cannot write to ${path}`, thrown);
  }
}

/** Saves the results as `<out>/<task id>-<n>.<extension>` and returns their paths. */
export async function saveResults(send: Send, { id, links, out }: Results): Promise<string[]> {
  const files: string[] = [];
  for (const [index, link] of links.entries()) {
    const name = join(out, `${id}-${index + 1}`);
    // The links are signed, so they are fetched without the API key.
    const save = (response: Response) => saveResponse(name, response);
    files.push(await send(link, { deadlineMs: 300_000 }, save));
  }
  return files;
}

async function saveResponse(name: string, response: Response): Promise<string> {
  const { ok, status, body, headers } = response;
  if (!ok) throw new CliError(`A result could not be fetched: the server answered ${status}`);
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  const extension = extensions[type.trim().toLowerCase()];
  if (!extension || !body) throw new CliError(`A result is not a picture but ${type || 'nothing'}`);

  const file = `${name}.${extension}`;
  const unfinished = `${name}.part`;
  try {
    await writeFile(unfinished, body);
    await rename(unfinished, file);
    return file;
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw fileError(`Cannot write ${file}`, thrown);
  }
}
