import {
  decide,
  type KeyActivity,
  lastUsedPrecisionMs,
  limited,
  nextTheoreticalArrivalAt,
  rateLimitAt,
  rateLimitState,
} from '../../functions/domain/accounts/rate-limit.ts';
import { sessionIdleMs } from '../../functions/domain/model/console-code.ts';

/** The activity of keys, in memory. */
export function memoryActivity(): KeyActivity {
  const arrivalAt = new Map<string, number>();
  const usedAt = new Map<string, number>();
  const touch = (keyId: string, now: number): void => {
    if ((usedAt.get(keyId) ?? 0) <= now - lastUsedPrecisionMs) usedAt.set(keyId, now);
  };
  return {
    consume: async (keyId, perMinute, now) => {
      const rateLimit = rateLimitAt(now, perMinute);
      const before = arrivalAt.get(keyId) ?? 0;
      if (decide(rateLimit, before) === 'limited') return limited(rateLimit, before);
      const after = nextTheoreticalArrivalAt(rateLimit, before);
      arrivalAt.set(keyId, after);
      touch(keyId, now);
      return { rate: rateLimitState(rateLimit, after) };
    },
    continueSession: async ({ keyId, startedAt }, now) => {
      if (Math.max(usedAt.get(keyId) ?? 0, startedAt) <= now - sessionIdleMs) return false;
      touch(keyId, now);
      return true;
    },
    touchLastUsed: async (keyId, now) => touch(keyId, now),
    lastUsed: async (keyIds) => new Map([...usedAt].filter(([keyId]) => keyIds.includes(keyId))),
  };
}
