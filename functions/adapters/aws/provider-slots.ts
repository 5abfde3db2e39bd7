import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { ProviderCapacity } from '../../domain/model/capacity.ts';
import type { ProviderName } from '../../domain/model/catalogue.ts';
import { poolOf, poolsOf } from '../../domain/providers/pools.ts';
import type { SlotDeps } from '../../domain/providers/slots.ts';
import { queueTable } from './dynamodb/queue-table.ts';
import { taskTable } from './dynamodb/task-table.ts';
import { taskTokens } from './state-machine.ts';

type Options = {
  readonly dynamo: DynamoDBClient;
  readonly states: SFNClient;
  readonly env: {
    readonly TASK_TABLE: string;
    readonly QUEUE_TABLE: string;
    readonly PROVIDER_CAPACITIES: Readonly<Record<ProviderName, ProviderCapacity>>;
  };
  readonly grantExpired: SlotDeps['grantExpired'];
};

/** What the functions share that take, free and hand out the slots of the providers. */
export const slotDeps = ({ dynamo, states, env, grantExpired }: Options): SlotDeps => ({
  queue: queueTable(dynamo, env.QUEUE_TABLE),
  tasks: taskTable(dynamo, env.TASK_TABLE),
  wake: taskTokens(states).finish,
  now: Date.now,
  uniqueId: randomUUID,
  grantExpired,
  poolOf: (provider, model) => poolOf(provider, model, env.PROVIDER_CAPACITIES[provider]),
  pools: poolsOf(env.PROVIDER_CAPACITIES),
});
