import { patterns } from '../../functions/domain/model/ids.ts';
import { CliError, usageError } from '../program/cli-error.ts';
import { exitCodes } from '../program/exit-codes.ts';
import { formatTime } from '../program/format.ts';
import type { AdminApi, Key } from './admin-api.ts';

/**
 * The id of a key that was named by its id or by its name.
 * @param account the account in which the name is looked up; without it, that of the calling key
 * @throws {CliError} when no key has the name, or when several have it: then it lists them
 */
export async function findKeyId(
  api: Pick<AdminApi, 'keys'>,
  text: string,
  account: string | undefined,
): Promise<string> {
  if (patterns.keyId.test(text)) return text;
  const found = await keysNamed(api, text, account);
  const [first, ...others] = found;
  if (!first) {
    const where = account === undefined ? 'the account of your key' : account;
    throw new CliError(`No key of ${where} is called ${text}: \`darkroom keys list\` shows them`, {
      exitCode: exitCodes.rejected,
    });
  }
  if (others.length === 0) return first.id;
  const list = found.map(
    ({ id, created, last_four }) => `${id} (made ${formatTime(created)}, ends in ${last_four})`,
  );
  throw usageError(`${found.length} keys are called ${text}: ${list.join(', ')}`);
}

async function keysNamed(
  api: Pick<AdminApi, 'keys'>,
  name: string,
  account: string | undefined,
): Promise<readonly Key[]> {
  const found: Key[] = [];
  let cursor: string | undefined;
  do {
    const { data, next_cursor } = await api.keys(account, { limit: 100, cursor });
    found.push(...data.filter((key) => key.name === name));
    cursor = next_cursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}
