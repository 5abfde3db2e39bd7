import type { ApiKey } from '../api-key.ts';
import { usedToday } from '../ledger.ts';
import { toCredits } from '../money.ts';

const inSeconds = (ms: number | undefined) => (ms === undefined ? null : Math.floor(ms / 1000));
const inCredits = (milli: number | undefined) => (milli === undefined ? null : toCredits(milli));

/** A key as the operator sees it: everything but the key. */
export const keyView = (key: ApiKey, now: number, lastUsedAt?: number) => ({
  ...{ object: 'api_key', id: key.keyId, account: key.account, name: key.name },
  ...{ scopes: key.scopes, enabled: key.enabled },
  created: inSeconds(key.createdAt),
  expires_at: inSeconds(key.expiresAt),
  last_used_at: inSeconds(lastUsedAt),
  last_four: key.lastFour,
  total_limit_credits: inCredits(key.totalLimit),
  daily_limit_credits: inCredits(key.dailyLimit),
  reset_timezone: key.timeZone,
  allowed_models: key.allowedModels ?? null,
  used_credits: toCredits(key.used),
  reserved_credits: toCredits(key.reserved),
  daily_used_credits: toCredits(usedToday(key, now)),
});
