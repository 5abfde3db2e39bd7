import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import {
  decide,
  type KeyActivity,
  lastUsedPrecisionMs,
  limited,
  type RateLimit,
  type RateLimitResult,
  rateLimitAt,
  rateLimitState,
} from '../../../domain/accounts/rate-limit.ts';
import { boundedMap } from '../../../domain/model/cache.ts';
import { sessionIdleMs } from '../../../domain/model/console-code.ts';
import type { KeyOf } from '../../../domain/model/storage-names.ts';
import { findRows } from './rows.ts';
import { type Change, update, updateExpression } from './update.ts';

const ActivityRow = z.object({
  theoreticalArrivalMicros: z.number().default(0),
  lastUsedAt: z.number().default(0),
});
type ActivityRow = z.infer<typeof ActivityRow>;

const neverUsed: ActivityRow = { theoreticalArrivalMicros: 0, lastUsedAt: 0 };

const maxWrites = 3;
const maxKeysInBatch = 100;

/** The rate limit (GCRA) and the last use of API keys in DynamoDB: one row for each key. */
export function keyActivity(client: DynamoDBClient, table: string): KeyActivity {
  // Each row as this function instance last wrote it. Both numbers only grow, so an old row can never allow too
  // much: at worst it costs one more write, or the wait in the response is too short.
  const cache = boundedMap<ActivityRow>();

  const write = async (keyId: string, change: Change) => {
    const { done, row: found = {} } = await update(client, {
      TableName: table,
      Key: marshall({ keyId } satisfies KeyOf<'Activity'>),
      ...updateExpression(change),
    });
    const row = ActivityRow.parse(found);
    cache.set(keyId, row);
    return { done, row };
  };

  return {
    consume: (keyId, perMinute, now) =>
      consume(rateLimitAt(now, perMinute), cache.get(keyId) ?? neverUsed, (change, row) =>
        write(keyId, { ...change, set: { ...change.set, ...useOf(row, now) } }),
      ),
    touchLastUsed: async (keyId, now) => {
      const before = now - lastUsedPrecisionMs;
      const { lastUsedAt } = cache.get(keyId) ?? neverUsed;
      if (lastUsedAt <= before) await write(keyId, recordUse(now, before));
    },
    continueSession: async ({ keyId, startedAt }, now) => {
      const before = now - lastUsedPrecisionMs;
      const idleSince = now - sessionIdleMs;
      if ((cache.get(keyId) ?? neverUsed).lastUsedAt > before) return true;
      // In its first half hour a session needs no earlier use.
      const change = startedAt > idleSince ? recordUse(now, before) : continueUse(now, idleSince);
      const { done, row } = await write(keyId, change);
      return done || Math.max(row.lastUsedAt, startedAt) > idleSince;
    },
    lastUsed: (keyIds) => lastUsed(client, table, keyIds),
  };
}

/** Writes a change. `row` is the row as this function knows it. */
type Write = (
  change: Change,
  row: ActivityRow,
) => Promise<{ readonly done: boolean; readonly row: ActivityRow }>;

/** One request: decides by the cached row, and after a failed write by the row that made it fail. */
async function consume(
  rateLimit: RateLimit,
  cached: ActivityRow,
  write: Write,
): Promise<RateLimitResult> {
  let known = cached;
  for (let writes = 0; ; writes += 1) {
    const arrivalAt = known.theoreticalArrivalMicros;
    const decision = decide(rateLimit, arrivalAt);
    if (decision === 'limited') return limited(rateLimit, arrivalAt);
    // There was room at every attempt, and other requests of the key were faster each time. That is no
    // reason to limit this one, so it is allowed without being counted.
    if (writes === maxWrites) return { rate: rateLimitState(rateLimit, arrivalAt) };
    const { done, row } = await write(
      decision === 'idle' ? startFromNow(rateLimit) : moveOn(rateLimit),
      known,
    );
    known = row;
    if (done) return { rate: rateLimitState(rateLimit, row.theoreticalArrivalMicros) };
  }
}

const conditions = {
  /** The key has had no request yet, or not for so long that its whole limit is available. */
  isIdle: '(attribute_not_exists(#theoreticalArrivalMicros) OR #theoreticalArrivalMicros <= :now)',
  isBusy: '#theoreticalArrivalMicros > :now',
  hasRoom: '#theoreticalArrivalMicros <= :max',
  /** The session is not idle for too long. */
  usedLately: '#lastUsedAt > :idleSince',
  /** The recorded use is older than the precision of the record. */
  usedEarlier: '(attribute_not_exists(#lastUsedAt) OR #lastUsedAt <= :before)',
};

// The new arrival time is the later of now and the old one, plus the cost of a request. DynamoDB has no
// maximum of two numbers, so there is one write for each case, and its condition fails in the other.
const startFromNow = ({ now, cost }: RateLimit): Change => ({
  set: { theoreticalArrivalMicros: now + cost },
  conditions: [conditions.isIdle],
  values: { now },
});

const moveOn = ({ now, cost, maxTheoreticalArrivalAt }: RateLimit): Change => ({
  add: { theoreticalArrivalMicros: cost },
  conditions: [conditions.isBusy, conditions.hasRoom],
  values: { now, max: maxTheoreticalArrivalAt },
});

/** Records the use if the recorded one is older than the precision. If two functions disagree, nothing is lost. */
const useOf = ({ lastUsedAt }: ActivityRow, now: number): { readonly lastUsedAt?: number } =>
  lastUsedAt <= now - lastUsedPrecisionMs ? { lastUsedAt: now } : {};

const recordUse = (now: number, before: number): Change => ({
  set: { lastUsedAt: now },
  conditions: [conditions.usedEarlier],
  values: { before },
});

const continueUse = (now: number, idleSince: number): Change => ({
  set: { lastUsedAt: now },
  conditions: [conditions.usedLately],
  values: { idleSince },
});

const UsedKey = ActivityRow.extend({ keyId: z.string() });

async function lastUsed(client: DynamoDBClient, table: string, keyIds: readonly string[]) {
  const found = new Map<string, number>();
  const keys = [...new Set(keyIds)].map((keyId) => ({ keyId })); // DynamoDB rejects a batch with a duplicate
  for (let from = 0; from < keys.length; from += maxKeysInBatch) {
    for (const row of await findRows(client, table, keys.slice(from, from + maxKeysInBatch))) {
      const { keyId, lastUsedAt } = UsedKey.parse(row);
      if (lastUsedAt > 0) found.set(keyId, lastUsedAt);
    }
  }
  return found;
}
