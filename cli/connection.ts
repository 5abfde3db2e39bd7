import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { CliError, usageError } from './cli-error.ts';

/** Where the API is, and the key for it. */
export type Connection = { readonly url: string; readonly key: string };

type Given = { readonly url?: string | undefined; readonly key?: string | undefined };

type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
};

/** What the local runtime writes when it is ready. */
const Ready = z.object({ url: z.url(), apiKey: z.string(), adminKey: z.string().optional() });
export type Ready = z.output<typeof Ready>;

/**
 * The API to talk to: as given, as the environment says, or the local runtime of this directory
 * with the one of its keys that is named.
 */
export async function connection(
  given: Given,
  { env, directory }: Surroundings,
  localKey: 'apiKey' | 'adminKey' = 'apiKey',
): Promise<Connection> {
  const url = given.url ?? env['DARKROOM_URL'];
  const key = given.key ?? env['DARKROOM_KEY'];
  // The local runtime's key goes to the local runtime only.
  const local = url ? undefined : await readyFile(join(directory, '.local', 'ready.json'));
  return checked(url || local?.url, key || local?.[localKey]);
}

function checked(url: string | undefined, key: string | undefined): Connection {
  if (!url) {
    throw usageError('No API: give --url and --key, or set DARKROOM_URL and DARKROOM_KEY');
  }
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw usageError(`${url} is not an http(s) address`);
  }
  if (!key) throw usageError('No API key: give --key, or set DARKROOM_KEY');
  return { url, key: key.trim() };
}

async function readyFile(path: string): Promise<Ready | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const ready = readyIn(text);
  if (!ready) throw new CliError(`${path} is not what the local runtime writes`);
  return ready;
}

/** Reads a ready file; `undefined` while it is only half written. */
export function readyIn(text: string): Ready | undefined {
  try {
    return Ready.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
