import {
  type Activity,
  bucketOf,
  rateOf,
  refusal,
  stateOf,
  useNotedForMs,
} from '../../functions/task/rate-limit.ts';

/** What keys have been doing, in memory. */
export function memoryActivity(): Activity {
  const fullAt = new Map<string, number>();
  const usedAt = new Map<string, number>();
  return {
    take: async (keyId, perMinute, now) => {
      const bucket = bucketOf(perMinute, now);
      const before = fullAt.get(keyId) ?? 0;
      if (stateOf(bucket, before) === 'empty') return refusal(bucket, before);
      const after = Math.max(before, bucket.now) + bucket.cost;
      fullAt.set(keyId, after);
      return { rate: rateOf(bucket, after) };
    },
    noteUse: async (keyId, now) => {
      if ((usedAt.get(keyId) ?? 0) <= now - useNotedForMs) usedAt.set(keyId, now);
    },
    lastUsed: async (keyIds) => new Map([...usedAt].filter(([keyId]) => keyIds.includes(keyId))),
  };
}
