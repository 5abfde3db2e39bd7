import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { CliError, fileError, usageError } from '../program/cli-error.ts';

/** An address and the key for it, stored under a name. */
export type Profile = { readonly url: string; readonly key: string };

type Env = Readonly<Record<string, string | undefined>>;

const profileName = /^[A-Za-z0-9][\w.-]{0,31}$/;

const Stored = z.object({
  /** The profile that is used when none is named. */
  current: z.string().optional(),
  profiles: z.record(z.string().regex(profileName), z.object({ url: z.url(), key: z.string() })),
});
type Stored = z.output<typeof Stored>;

/** @throws {CliError} a usage error, when it is no name for a profile */
export function checkProfileName(name: string): void {
  if (profileName.test(name)) return;
  throw usageError('The name of a profile has 1 to 32 letters, digits, ., _ and -');
}

/** The file of the profiles, in the user's folder for settings; `undefined` when the environment names none. */
function profilesFile(env: Env): string | undefined {
  const configHome = env['XDG_CONFIG_HOME'];
  // The XDG specification says that a relative path is to be ignored.
  if (configHome && isAbsolute(configHome)) return join(configHome, 'darkroom', 'profiles.json');
  if (process.platform === 'win32' && env['APPDATA']) {
    return join(env['APPDATA'], 'darkroom', 'profiles.json');
  }
  return env['HOME'] ? join(env['HOME'], '.config', 'darkroom', 'profiles.json') : undefined;
}

/** All profiles. @throws {CliError} when the file cannot be used, or when others could read the keys in it */
export async function readProfiles(env: Env): Promise<Stored> {
  const file = profilesFile(env);
  const text = file && (await readPrivateFile(file));
  if (!text) return { profiles: {} };
  try {
    return Stored.parse(JSON.parse(text));
  } catch (thrown) {
    throw new CliError(`${file} is not a file of profiles: delete it and log in again`, {
      cause: thrown,
    });
  }
}

async function readPrivateFile(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new CliError(`${file} has keys in it, and others may read it: chmod 600 ${file}`);
    }
    return await readFile(file, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw fileError(`Cannot read ${file}`, thrown);
  }
}

/** The profile of this name. @throws {CliError} when there is none */
export async function findProfile(name: string, env: Env): Promise<Profile> {
  const { profiles } = await readProfiles(env);
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile) return profile;
  const known = Object.keys(profiles).join(', ') || 'none';
  throw usageError(`There is no profile ${name}; there are: ${known}`);
}

/** The profile that is used when none is named. */
export async function currentProfile(env: Env): Promise<Profile | undefined> {
  const { current } = await readProfiles(env);
  return current === undefined ? undefined : findProfile(current, env);
}

/** Stores a profile, and makes it the one that is used when none is named. @returns the file */
export async function saveProfile(name: string, profile: Profile, env: Env): Promise<string> {
  const { profiles } = await readProfiles(env);
  return writeProfiles(
    { current: name, profiles: Object.assign({}, profiles, { [name]: profile }) },
    env,
  );
}

/** Makes a profile the one that is used when none is named. */
export async function useProfile(name: string, env: Env): Promise<void> {
  await findProfile(name, env);
  const { profiles } = await readProfiles(env);
  await writeProfiles({ current: name, profiles }, env);
}

/** Deletes a profile. @throws {CliError} when there is none of this name */
export async function deleteProfile(name: string, env: Env): Promise<void> {
  await findProfile(name, env);
  const { current, profiles } = await readProfiles(env);
  const others = Object.entries(profiles).filter(([other]) => other !== name);
  const stored = { profiles: Object.fromEntries(others) };
  await writeProfiles(current === name ? stored : { current, ...stored }, env);
}

// The file is written under another name and then renamed, so that a crash leaves the old file. It is created with its
// permissions, so that others can never read it.
async function writeProfiles(stored: Stored, env: Env): Promise<string> {
  const file = profilesFile(env);
  if (!file) throw new CliError('There is no folder for settings: set HOME or XDG_CONFIG_HOME');
  const unfinished = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(unfinished, `${JSON.stringify(stored, undefined, 2)}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
    await rename(unfinished, file);
    return file;
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw fileError(`Cannot write ${file}`, thrown);
  }
}
