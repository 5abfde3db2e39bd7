import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ProviderCapacity } from '../../domain/model/capacity.ts';
import type { ProviderName } from '../../domain/model/catalogue.ts';
import { measuredSecondsOf } from '../../domain/providers/durations.ts';
import { poolOf, poolsOf } from '../../domain/providers/pools.ts';
import { type QueueEstimates, queueEstimates } from '../../domain/providers/queue-position.ts';
import { durations } from './dynamodb/durations.ts';
import { queueTable } from './dynamodb/queue-table.ts';

type Env = {
  readonly QUEUE_TABLE: string;
  readonly ACTIVITY_TABLE: string;
  readonly PROVIDER_CAPACITIES: Readonly<Record<ProviderName, ProviderCapacity>>;
  readonly TYPICAL_SECONDS?: string | undefined;
};

/** What the functions share that tell where a task stands in the queue. They only read. */
export const queueEstimatesOf = (dynamo: DynamoDBClient, env: Env): QueueEstimates =>
  queueEstimates({
    queue: queueTable(dynamo, env.QUEUE_TABLE),
    poolOf: (provider, model) => poolOf(provider, model, env.PROVIDER_CAPACITIES[provider]),
    pools: poolsOf(env.PROVIDER_CAPACITIES),
    typicalSeconds: measuredSecondsOf(
      durations(dynamo, env.ACTIVITY_TABLE, Date.now),
      env.TYPICAL_SECONDS,
    ),
    now: Date.now,
  });
