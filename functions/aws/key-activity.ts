import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import {
  type Activity,
  type Bucket,
  bucketOf,
  rateOf,
  refusal,
  stateOf,
  type Taken,
  useNotedForMs,
} from '../task/rate-limit.ts';
import { findRows } from './find-rows.ts';
import { update } from './update.ts';

const ActivityRow = z.object({
  fullAtMicros: z.number().default(0),
  lastUsedAt: z.number().default(0),
});

// A row as it was last seen. Neither number ever gets smaller, so it errs on one side only: what was
// empty is refused without a write, and what others used meanwhile costs one write more, or a wait
// that is named too short.
type Seen = z.infer<typeof ActivityRow>;

type Change = {
  readonly set: string;
  readonly condition: string;
  readonly values: Record<string, number>;
};

// A flood of keys must not fill the memory.
const mostSeen = 1000;
const mostTries = 3;
const mostInBatch = 100;
const unused: Seen = { fullAtMicros: 0, lastUsedAt: 0 };

/** What API keys have been doing lately, in DynamoDB: one row a key. */
export function keyActivity(client: DynamoDBClient, table: string): Activity {
  const seen = new Map<string, Seen>();

  const change = async (keyId: string, { set, condition, values }: Change) => {
    const { done, row = {} } = await update(client, {
      TableName: table,
      Key: marshall({ keyId }),
      UpdateExpression: set,
      ConditionExpression: condition,
      ExpressionAttributeValues: marshall(values),
    });
    const found = ActivityRow.parse(row);
    if (seen.size >= mostSeen && !seen.has(keyId)) seen.clear();
    seen.set(keyId, found);
    return { done, found };
  };

  const take = async (
    keyId: string,
    bucket: Bucket,
    fullAt: number,
    triesLeft = mostTries,
  ): Promise<Taken> => {
    const state = stateOf(bucket, fullAt);
    if (state === 'empty') return refusal(bucket, fullAt);
    // There was room whenever we looked: that others were faster is no fault of the caller's.
    if (triesLeft === 0) return { rate: rateOf(bucket, fullAt) };
    const way = state === 'full' ? fromFull(bucket) : fromUsed(bucket);
    const { done, found } = await change(keyId, way);
    if (done) return { rate: rateOf(bucket, found.fullAtMicros) };
    return take(keyId, bucket, found.fullAtMicros, triesLeft - 1);
  };

  return {
    take: (keyId, perMinute, now) =>
      take(keyId, bucketOf(perMinute, now), (seen.get(keyId) ?? unused).fullAtMicros),
    noteUse: async (keyId, now) => {
      const before = now - useNotedForMs;
      if ((seen.get(keyId) ?? unused).lastUsedAt <= before) await change(keyId, use(now, before));
    },
    lastUsed: (keyIds) => lastUsed(client, table, keyIds),
  };
}

// The later of now and `fullAtMicros` plus the cost of a request: DynamoDB has no maximum of two
// numbers, so there is one write for either case, and the condition tells when it was the other.
const fromFull = ({ now, cost }: Bucket): Change => ({
  set: 'SET fullAtMicros = :next',
  condition: 'attribute_not_exists(fullAtMicros) OR fullAtMicros <= :now',
  values: { ':now': now, ':next': now + cost },
});

const fromUsed = ({ now, cost, latest }: Bucket): Change => ({
  set: 'SET fullAtMicros = fullAtMicros + :cost',
  condition: 'fullAtMicros > :now AND fullAtMicros <= :latest',
  values: { ':now': now, ':cost': cost, ':latest': latest },
});

const use = (now: number, before: number): Change => ({
  set: 'SET lastUsedAt = :now',
  condition: 'attribute_not_exists(lastUsedAt) OR lastUsedAt <= :before',
  values: { ':now': now, ':before': before },
});

async function lastUsed(client: DynamoDBClient, table: string, keyIds: readonly string[]) {
  const found = new Map<string, number>();
  const keys = [...new Set(keyIds)].map((keyId) => ({ keyId })); // asked twice for a row, DynamoDB refuses
  for (let from = 0; from < keys.length; from += mostInBatch) {
    for (const row of await findRows(client, table, keys.slice(from, from + mostInBatch))) {
      const { keyId, lastUsedAt } = Used.parse(row);
      if (lastUsedAt > 0) found.set(keyId, lastUsedAt);
    }
  }
  return found;
}

const Used = ActivityRow.extend({ keyId: z.string() });
