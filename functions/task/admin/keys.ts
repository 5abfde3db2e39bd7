import type { Accounts } from '../account.ts';
import { type ApiKey, type ApiKeys, hashOfKey, keyIdOf, noSpending } from '../api-key.ts';
import { pageView, placeCursor } from '../cursor.ts';
import { isKeyId, newApiKey } from '../ids.ts';
import type { Clock } from '../ports.ts';
import { Problem } from '../problem.ts';
import type { Activity } from '../rate-limit.ts';
import { accountNotFound } from './accounts.ts';
import type { KeyPatch, KeyRequest, KeysQuery } from './key-request.ts';
import { keyView } from './key-view.ts';

type Needs = {
  readonly keys: ApiKeys;
  readonly accounts: Pick<Accounts, 'find'>;
  readonly activity: Pick<Activity, 'lastUsed'>;
  readonly now: Clock;
};

/** Makes a key. It is shown in this answer and never again. @throws {Problem} `account_not_found` */
export const createKey =
  ({ keys, accounts, now }: Pick<Needs, 'keys' | 'accounts' | 'now'>) =>
  async (request: KeyRequest) => {
    const { account } = request;
    if (!(await accounts.find(account))) throw accountNotFound(account);
    const apiKey = newApiKey();
    const key = keyOf(apiKey, request, now());
    await keys.add(key);
    return { ...keyView(key, now()), api_key: apiKey };
  };

/** The keys of an account, the newest first. @throws {Problem} `account_not_found` */
export const listKeys =
  ({ keys, accounts, activity, now }: Needs) =>
  async ({ account, limit, cursor }: KeysQuery) => {
    if (!(await accounts.find(account))) throw accountNotFound(account);
    const page = await keys.list(account, { limit, behind: cursor });
    const used = await activity.lastUsed(page.keys.map(({ keyId }) => keyId));
    const views = page.keys.map((key) => keyView(key, now(), used.get(key.keyId)));
    return pageView(views, page.next && placeCursor(page.next));
  };

/** @throws {Problem} `key_not_found` */
export const getKey = (needs: Pick<Needs, 'keys' | 'activity' | 'now'>) => async (keyId: string) =>
  seen(needs, keyId, await needs.keys.find(named(keyId)));

/** Renames a key, disables or enables it, or sets what it may do. @throws {Problem} `key_not_found` */
export const changeKey =
  (needs: Pick<Needs, 'keys' | 'activity' | 'now'>) => async (keyId: string, patch: KeyPatch) => {
    const { name, enabled, scopes, reset_timezone: timeZone } = patch;
    const changed = await needs.keys.change(named(keyId), {
      ...{ name, enabled, scopes, timeZone, expiresAt: patch.expires_at },
      ...{ totalLimit: patch.total_limit_credits, dailyLimit: patch.daily_limit_credits },
      allowedModels: patch.allowed_models,
    });
    return seen(needs, keyId, changed);
  };

/** It is no key any more; its tasks go on. @throws {Problem} `key_not_found` */
export const deleteKey =
  ({ keys }: Pick<Needs, 'keys'>) =>
  async (keyId: string) => {
    if (!(await keys.remove(named(keyId)))) throw keyNotFound(keyId);
    return { object: 'api_key', id: keyId, deleted: true };
  };

function keyOf(apiKey: string, request: KeyRequest, createdAt: number): ApiKey {
  const hash = hashOfKey(apiKey);
  return {
    ...{ keyId: keyIdOf(hash), hash, lastFour: apiKey.slice(-4), account: request.account },
    ...{ name: request.name, scopes: request.scopes, enabled: true, createdAt },
    expiresAt: request.expires_at ?? undefined,
    totalLimit: request.total_limit_credits ?? undefined,
    dailyLimit: request.daily_limit_credits ?? undefined,
    timeZone: request.reset_timezone,
    allowedModels: request.allowed_models ?? undefined,
    ...noSpending,
  };
}

async function seen(
  { activity, now }: Pick<Needs, 'activity' | 'now'>,
  keyId: string,
  key: ApiKey | undefined,
) {
  if (!key) throw keyNotFound(keyId);
  const used = await activity.lastUsed([keyId]);
  return keyView(key, now(), used.get(keyId));
}

// What cannot be an id is not looked up: DynamoDB refuses it when it is long.
function named(keyId: string): string {
  if (isKeyId(keyId)) return keyId;
  throw keyNotFound(keyId);
}

const keyNotFound = (keyId: string): Problem =>
  new Problem('key_not_found', `There is no key ${keyId}.`, { param: 'key_id' });
