import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import * as z from 'zod';
import { isLoopbackName } from '../../functions/domain/model/loopback.ts';
import { currentProfile, findProfile } from '../profiles/profile-store.ts';
import { CliError, usageError } from '../program/cli-error.ts';
import { exitCodes } from '../program/exit-codes.ts';
import type { Terminal } from '../program/terminal.ts';
import { parseJson } from './api-caller.ts';
import { createSender } from './send.ts';

/** The options of every command that calls the API. */
export type ConnectionOptions = {
  readonly profile?: string;
  readonly url?: string;
  readonly key?: string;
  readonly json?: true;
};

export const withConnectionOptions = (command: Command): Command =>
  command
    .addOption(new Option('--url <address>', 'address of the API (or DARKROOM_URL)'))
    .addOption(new Option('--key <key>', 'API key (or DARKROOM_KEY, which no process list shows)'))
    .addOption(new Option('--profile <name>', 'the profile to use (or DARKROOM_PROFILE)'))
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

type Given = {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly profile?: string | undefined;
};
/** The key of the local stack that a command uses. */
type LocalKey = 'apiKey' | 'adminKey' | 'testKey';
type Place = Pick<Terminal, 'env' | 'directory' | 'checkout'>;

/**
 * The address of the API and the key for it. The first of these that is given wins: the options; the profile in
 * `--profile`; DARKROOM_URL and DARKROOM_KEY; the profile in DARKROOM_PROFILE; the local stack of this directory or,
 * inside the checkout, of a directory above, with its key `localKey`; the profile of the last `darkroom login`. A stored
 * key is sent only to the address that it was stored with.
 */
export async function findConnection(
  options: Given,
  place: Place,
  localKey: LocalKey = 'apiKey',
): Promise<Connection> {
  const { env } = place;
  const isNamed = options.profile !== undefined;
  const url = options.url ?? (isNamed ? undefined : env['DARKROOM_URL']);
  const key = options.key ?? (isNamed ? undefined : env['DARKROOM_KEY']);
  // The key of a profile goes to the address of that profile only, and that of the local stack to the local stack.
  const stored = url ? undefined : await findStored(options.profile, place, localKey);
  return validateConnection(url || stored?.url, key || stored?.key);
}

async function findStored(
  named: string | undefined,
  { env, directory, checkout }: Place,
  localKey: LocalKey,
): Promise<{ readonly url: string; readonly key: string | undefined } | undefined> {
  if (named === '') throw usageError('--profile needs the name of a profile');
  const name = named ?? env['DARKROOM_PROFILE'];
  if (name) return findProfile(name, env);
  const local = await findLocalStack(directory, checkout);
  if (local) return { url: local.url, key: keyOf(local, localKey) };
  return currentProfile(env);
}

/** A local stack that was started by an older version has no test key. */
const keyOf = (local: LocalStack, name: LocalKey): string | undefined =>
  name === 'testKey' ? (local.testKey ?? local.apiKey) : local[name];

/** The admin key of the local stack, when the command calls the local stack because nothing else is named. */
export async function findLocalAdminKey(
  { url, profile }: Given,
  { env, directory, checkout }: Place,
): Promise<string | undefined> {
  if (url ?? profile ?? (env['DARKROOM_URL'] || env['DARKROOM_PROFILE'])) return undefined;
  return (await findLocalStack(directory, checkout))?.adminKey;
}

/** The secret that the callbacks of the local stack are signed with, if there is one here. */
export async function findLocalSecret({
  directory,
  checkout,
}: Pick<Terminal, 'directory' | 'checkout'>): Promise<string | undefined> {
  for (const folder of foldersToSearch(directory, checkout)) {
    const text = await readFile(join(folder, '.local', 'keys.json'), 'utf8').catch(() => undefined);
    const secret = LocalSecret.safeParse(parseJson(text ?? '')).data?.webhookSecret;
    if (secret) return secret;
  }
  return undefined;
}

const LocalSecret = z.object({ webhookSecret: z.string() });

function validateConnection(url: string | undefined, key: string | undefined): Connection {
  if (!url) {
    throw usageError(
      'No API: give --url and --key, set DARKROOM_URL and DARKROOM_KEY, or use `darkroom login`; `npm start` runs one here',
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
  // A file in a folder of somebody else must not name another machine: keys and pictures would go there.
  url: z.url().refine((url) => isLoopbackName(new URL(url).hostname)),
  apiKey: z.string(),
  adminKey: z.string().optional(),
  testKey: z.string().optional(),
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
    throw new CliError(`The local stack that wrote ${path} is gone: npm start`, {
      exitCode: exitCodes.unavailable,
    });
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
