import type { Accounts } from '../model/account.ts';
import {
  type ApiKey,
  type ApiKeys,
  type ChangedMeanwhile,
  hashOfKey,
  keyIdOf,
  noSpending,
  type Spending,
} from '../model/api-key.ts';
import type { Act } from '../model/audit.ts';
import type { Clock } from '../model/clock.ts';
import { isKeyId, newApiKey } from '../model/ids.ts';
import type { Mode } from '../model/mode.ts';
import { toCredits } from '../model/money.ts';
import { Problem } from '../model/problem.ts';
import { formatCursorKey, pageResponse } from '../wire/cursor.ts';
import { accountNotFound } from './accounts.ts';
import { keyChanged, keyCreated, keyDeleted } from './audit-values.ts';
import {
  isVisibleTo,
  type KeyLimits,
  type KeyManager,
  limitsOfNewKey,
  managedAccount,
  permittedChange,
  requireManageable,
} from './key-permissions.ts';
import type { KeyPatch, KeyRequest, KeysQuery } from './key-request.ts';
import type { KeyActivity } from './rate-limit.ts';

type Deps = {
  readonly keys: ApiKeys;
  readonly accounts: Pick<Accounts, 'exists'>;
  readonly activity: Pick<KeyActivity, 'lastUsed'>;
  readonly now: Clock;
};

/** How often a change is tried while somebody else changes the same key. */
const maxAttempts = 5;

/**
 * Creates a key. It is shown in this response and never again.
 * @throws {Problem} `account_not_found`, or `permission_denied` when the manager may not make such a key
 */
export const createKey =
  ({ keys, accounts, now }: Pick<Deps, 'keys' | 'accounts' | 'now'>) =>
  async (request: KeyRequest, manager: KeyManager, act: Act) => {
    const account = managedAccount(manager, request.account);
    const limits = limitsOfNewKey(manager, request);
    if (!(await accounts.exists(account))) throw accountNotFound(account);
    const { name, mode } = request;
    const apiKey = newApiKey(mode);
    const key = keyOf(apiKey, { account, mode, name, limits, createdAt: now() });
    await keys.add(key, keyCreated(act, key));
    return { ...keyView(key), api_key: apiKey };
  };

/** The keys of an account, of both modes, the newest first. @throws {Problem} `account_not_found` */
export const listKeys =
  ({ keys, accounts, activity }: Omit<Deps, 'now'>) =>
  async ({ account: named, limit, cursor }: KeysQuery, manager: KeyManager) => {
    const account = managedAccount(manager, named);
    if (!(await accounts.exists(account))) throw accountNotFound(account);
    const page = await keys.list(account, { limit, after: cursor });
    const views = await viewsOf({ keys, activity }, page.keys);
    return pageResponse(views, page.next && formatCursorKey(page.next));
  };

/** @throws {Problem} `key_not_found` */
export const getKey = (deps: ViewDeps) => async (keyId: string, manager: KeyManager) =>
  viewOf(deps, await findFor(deps, keyId, manager));

/**
 * Renames a key, disables or enables it, or sets what it may do.
 * @throws {Problem} `key_not_found`, or `permission_denied` when the manager may not
 */
export const changeKey =
  (deps: ViewDeps) => async (keyId: string, patch: KeyPatch, manager: KeyManager, act: Act) => {
    const changed = await whileUnchanged(deps, keyId, manager, (key) => {
      const change = permittedChange(manager, key, patch);
      return deps.keys.change(keyId, change, key, keyChanged(act, key, change));
    });
    if (!changed) throw keyNotFound(keyId);
    return viewOf(deps, changed);
  };

/**
 * Deletes a key; its tasks go on.
 * @throws {Problem} `key_not_found`, or `permission_denied` when the manager may not
 */
export const deleteKey =
  (deps: Pick<Deps, 'keys'>) => async (keyId: string, manager: KeyManager, act: Act) => {
    const deleted = await whileUnchanged(deps, keyId, manager, (key) => {
      requireManageable(manager, key);
      return deps.keys.remove(keyId, key, keyDeleted(act, key));
    });
    if (!deleted) throw keyNotFound(keyId);
    return { object: 'api_key' as const, id: keyId, deleted: true as const };
  };

/** Reads a key and writes what was decided from it. If somebody else has changed the key in between, it decides again. */
async function whileUnchanged<Result>(
  deps: Pick<Deps, 'keys'>,
  keyId: string,
  manager: KeyManager,
  write: (key: ApiKey) => Promise<Result | ChangedMeanwhile>,
): Promise<Result> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const result = await write(await findFor(deps, keyId, manager));
    if (result !== 'changed_meanwhile') return result;
  }
  throw new Error(`the key ${keyId} was changed ${maxAttempts} times meanwhile`);
}

/** The key, if the manager may know of it. @throws {Problem} `key_not_found` */
async function findFor({ keys }: Pick<Deps, 'keys'>, keyId: string, manager: KeyManager) {
  const key = await keys.find(requireKeyId(keyId));
  if (!key || !isVisibleTo(manager, key)) throw keyNotFound(keyId);
  return key;
}

type NewKey = {
  readonly account: string;
  readonly mode: Mode;
  readonly name: string;
  readonly limits: KeyLimits;
  readonly createdAt: number;
};

function keyOf(apiKey: string, { account, mode, name, limits, createdAt }: NewKey): ApiKey {
  const hash = hashOfKey(apiKey);
  return {
    keyId: keyIdOf(hash),
    hash,
    lastFour: apiKey.slice(-4),
    account,
    ...(mode === 'test' && { mode }),
    name,
    enabled: true,
    createdAt,
    ...limits,
  };
}

type ViewDeps = Pick<Deps, 'keys' | 'activity'>;

async function viewsOf({ keys, activity }: ViewDeps, found: readonly ApiKey[]) {
  const [spending, used] = await Promise.all([
    keys.spending(found),
    activity.lastUsed(found.map(({ keyId }) => keyId)),
  ]);
  return found.map((key) => keyView(key, spending.get(key.keyId), used.get(key.keyId)));
}

async function viewOf(deps: ViewDeps, key: ApiKey) {
  const [view] = await viewsOf(deps, [key]);
  return view ?? keyView(key);
}

// A text that cannot be an id is not looked up: DynamoDB rejects a key that is too long.
function requireKeyId(keyId: string): string {
  if (isKeyId(keyId)) return keyId;
  throw keyNotFound(keyId);
}

export const keyNotFound = (keyId: string): Problem =>
  new Problem('key_not_found', `There is no key ${keyId}.`, { param: 'key_id' });

const inSeconds = (ms: number | undefined) => (ms === undefined ? null : Math.floor(ms / 1000));
const inCredits = (milli: number | undefined) => (milli === undefined ? null : toCredits(milli));

/** A key as the operator sees it: everything but the key itself. */
export const keyView = (key: ApiKey, spending: Spending = noSpending, lastUsedAt?: number) => ({
  object: 'api_key' as const,
  id: key.keyId,
  account: key.account,
  mode: key.mode ?? ('live' as const),
  name: key.name,
  is_session: key.isSession === true,
  scopes: [...key.scopes],
  enabled: key.enabled,
  created: Math.floor(key.createdAt / 1000),
  expires_at: inSeconds(key.expiresAt),
  last_used_at: inSeconds(lastUsedAt),
  last_four: key.lastFour,
  total_limit_credits: inCredits(key.totalLimit),
  daily_limit_credits: inCredits(key.dailyLimit),
  reset_timezone: key.timeZone,
  allowed_models: key.allowedModels ? [...key.allowedModels] : null,
  used_credits: toCredits(spending.used),
  reserved_credits: toCredits(spending.reserved),
  daily_used_credits: key.dailyLimit === undefined ? null : toCredits(spending.today ?? 0),
});
