import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ProviderCapacity } from '../../domain/model/capacity.ts';
import type { ProviderName } from '../../domain/model/catalogue.ts';
import type { Clock } from '../../domain/model/clock.ts';
import { measuredSecondsOf } from '../../domain/providers/durations.ts';
import { poolOf, poolsOf } from '../../domain/providers/pools.ts';
import { type QueueEstimates, queueEstimates } from '../../domain/providers/queue-position.ts';
import { durations } from './dynamodb/durations.ts';
import { queueTable } from './dynamodb/queue-table.ts';

type Options = {
  readonly dynamo: DynamoDBClient;
  readonly tables: { readonly queue: string; readonly activity: string };
  readonly capacities: Readonly<Record<ProviderName, ProviderCapacity>>;
  /** How long tasks take, as the operator has set it instead of what was measured. */
  readonly typicalSeconds: string | undefined;
  readonly now: Clock;
};

/** What the functions that estimate positions in the queue share. They only read. */
export const queueEstimatesOf = ({
  dynamo,
  tables,
  capacities,
  typicalSeconds,
  now,
}: Options): QueueEstimates =>
  queueEstimates({
    queue: queueTable(dynamo, tables.queue),
    poolOf: (provider, model) => poolOf(provider, model, capacities[provider]),
    pools: poolsOf(capacities),
    typicalSeconds: measuredSecondsOf(durations(dynamo, tables.activity, now), typicalSeconds),
    now,
  });
