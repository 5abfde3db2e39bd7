import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from './cli-error.ts';
import { fileError } from './file-error.ts';
import type { Send } from './send.ts';

type Results = { readonly id: string; readonly links: readonly string[]; readonly out: string };

const extensions: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
};

/** Saves the results as `<out>/<task id>-<n>.<extension>` and answers where they are. */
export async function saveResults(send: Send, { id, links, out }: Results): Promise<string[]> {
  const files: string[] = [];
  for (const [index, link] of links.entries()) {
    const name = join(out, `${id}-${index + 1}`);
    // The links are signed: the key stays with the API.
    const save = (response: Response) => saveAs(name, response);
    files.push(await send(link, { deadlineMs: 300_000 }, save));
  }
  return files;
}

async function saveAs(name: string, response: Response): Promise<string> {
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
