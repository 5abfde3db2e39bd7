import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Send } from '../api/send.ts';
import { CliError, fileError } from '../program/cli-error.ts';
import { formatName, inputName } from './output-names.ts';

/** How the files of the results are named. */
export type ResultNames = {
  /** The pattern of their names; without one `{id}-{n}`. */
  readonly name?: string | undefined;
  /** The first picture of the task: a path or an address. */
  readonly input?: string | undefined;
};

type Results = ResultNames & {
  readonly id: string;
  readonly links: readonly string[];
  readonly out: string;
};

const extensions: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
};

/**
 * Makes the directory for the results, unless it exists, and writes and removes an empty file in it, so that nobody pays
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

/**
 * Saves the results and returns their paths: `<out>/<task id>-<n>.<extension>`, or as `name` says. Without `name`, an
 * existing file is replaced: it can only be a result of the same task. With `name`, the result gets another name.
 */
export async function saveResults(send: Send, results: Results): Promise<string[]> {
  const { id, links, out, name, input } = results;
  const pattern = patternFor(name, links.length);
  const files: string[] = [];
  for (const [index, link] of links.entries()) {
    const base = join(out, formatName(pattern, { id, n: index + 1, input: inputName(input) }));
    // The links are signed, so they are fetched without the API key.
    const save = (response: Response) => saveResponse(base, response, name === undefined);
    files.push(await send(link, { deadlineMs: 300_000 }, save));
  }
  return files;
}

function patternFor(name: string | undefined, count: number): string {
  if (name === undefined) return '{id}-{n}';
  return count > 1 && !name.includes('{n}') ? `${name}-{n}` : name;
}

async function saveResponse(base: string, response: Response, isOwnName: boolean): Promise<string> {
  const { ok, status, body, headers } = response;
  if (!ok) {
    throw new CliError(`A result could not be fetched: the server answered ${status}`, {
      apiError: { status },
    });
  }
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  const extension = extensions[type.trim().toLowerCase()];
  if (!extension || !body) throw new CliError(`A result is not a picture but ${type || 'nothing'}`);

  const unfinished = join(dirname(base), `.darkroom-${randomUUID()}.part`);
  try {
    await writeFile(unfinished, body);
    const file = isOwnName ? `${base}.${extension}` : await claimName(base, extension);
    await rename(unfinished, file);
    return file;
  } catch (thrown) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw fileError(`Cannot write ${base}.${extension}`, thrown);
  }
}

/** Makes an empty file of a name that nothing has yet: `cat.png`, else `cat-2.png` and so on. */
async function claimName(base: string, extension: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const file = `${base}${number === 1 ? '' : `-${number}`}.${extension}`;
    try {
      await (await open(file, 'wx')).close();
      return file;
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
    }
  }
}
