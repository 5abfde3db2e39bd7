import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import * as z from 'zod';
import { CliError, usageError } from '../program/cli-error.ts';
import type { Terminal } from '../program/terminal.ts';
import { createSender } from './send.ts';

/** The options of every command that calls the API. */
export type ConnectionOptions = {
  readonly url?: string;
  readonly key?: string;
  readonly json?: true;
};

export const withConnectionOptions = (command: Command): Command =>
  command
    .addOption(new Option('--url <address>', 'address of the API (or DARKROOM_URL)'))
    .addOption(new Option('--key <key>', 'API key (or DARKROOM_KEY, which no process list shows)'))
    .addOption(new Option('--json', 'print the response as JSON'));

// The route declarations take 50 ms to load. They are imported where they are needed, so that help and
// usage errors do not wait for them.

/** The API that a command calls. */
export async function apiFor(
  options: ConnectionOptions,
  terminal: Terminal,
  sender: Parameters<typeof createSender>[0] = terminal,
) {
  const connection = await findConnection(options, terminal);
  const { darkroomApi } = await import('./api.ts');
  return darkroomApi({ ...connection, send: createSender(sender) });
}

/** The operator's part of the API, which takes an admin key. */
export async function adminApiFor(options: ConnectionOptions, terminal: Terminal) {
  const connection = await findConnection(options, terminal, 'adminKey');
  const { adminApi } = await import('../admin/admin-api.ts');
  return adminApi({ ...connection, send: createSender(terminal) });
}

type Connection = { readonly url: string; readonly key: string };

/**
 * Where the API is, and the key for it: from the options, else from the environment, else from the
 * local stack of this directory or, within the checkout, of one above it, with the one of its keys that
 * is named.
 */
export async function findConnection(
  options: { readonly url?: string | undefined; readonly key?: string | undefined },
  { env, directory, checkout }: Pick<Terminal, 'env' | 'directory' | 'checkout'>,
  localKey: 'apiKey' | 'adminKey' = 'apiKey',
): Promise<Connection> {
  const url = options.url ?? env['DARKROOM_URL'];
  const key = options.key ?? env['DARKROOM_KEY'];
  // The key of the local stack goes to the local stack only.
  const local = url ? undefined : await findLocalStack(directory, checkout);
  return validateConnection(url || local?.url, key || local?.[localKey]);
}

function validateConnection(url: string | undefined, key: string | undefined): Connection {
  if (!url) {
    throw usageError(
      'No API: give --url and --key, or set DARKROOM_URL and DARKROOM_KEY; `npm start` runs one here',
    );
  }
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw usageError(`${url} is not an http(s) address`);
  }
  if (!key) throw usageError('No API key: give --key, or set DARKROOM_KEY');
  return { url, key: key.trim() };
}

/** What the local stack writes to its ready file when it can be used. */
const LocalStack = z.object({
  url: z.url(),
  apiKey: z.string(),
  adminKey: z.string().optional(),
  pid: z.int().positive().optional(),
});
export type LocalStack = z.output<typeof LocalStack>;

async function findLocalStack(
  directory: string,
  checkout: string,
): Promise<LocalStack | undefined> {
  for (const folder of foldersToSearch(directory, checkout)) {
    const stack = await readReadyFile(join(folder, '.local', 'ready.json'));
    if (stack) return stack;
  }
  return undefined;
}

/** The directory and, if it is in the checkout, those above it up to the root of the checkout. */
function foldersToSearch(directory: string, checkout: string): readonly string[] {
  const folders = [directory];
  let folder = directory;
  while (folder !== checkout) {
    const parent = dirname(folder);
    if (parent === folder) return [directory];
    folders.push(parent);
    folder = parent;
  }
  return folders;
}

async function readReadyFile(path: string): Promise<LocalStack | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const stack = parseReadyFile(text);
  if (!stack) throw new CliError(`${path} is not a ready file of the local stack`);
  if (await isGone(stack)) {
    throw new CliError(`The local stack that wrote ${path} is gone: npm start`);
  }
  return stack;
}

// A local stack that was killed leaves its ready file behind. Its process id may belong to another process by now,
// and its port to another server, but hardly both.
const isGone = async ({ pid, url }: LocalStack): Promise<boolean> =>
  (pid !== undefined && !isAlive(pid)) || !(await isListening(new URL(url)));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return !hasCode(thrown, 'ESRCH');
  }
}

async function isListening({ hostname, port }: URL): Promise<boolean> {
  const socket = connect({ host: hostname, port: Number(port) });
  try {
    await once(socket, 'connect');
    return true;
  } catch (thrown) {
    return !hasCode(thrown, 'ECONNREFUSED');
  } finally {
    socket.destroy();
  }
}

const hasCode = (thrown: unknown, code: string): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === code;

/** Parses a ready file; `undefined` while it is only half written. */
export function parseReadyFile(text: string): LocalStack | undefined {
  try {
    return LocalStack.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
