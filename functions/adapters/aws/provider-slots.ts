import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Clock } from '../../domain/model/clock.ts';
import type { Pools } from '../../domain/providers/pools.ts';
import type { SlotDeps } from '../../domain/providers/slots.ts';
import { queueTable } from './dynamodb/queue-table.ts';
import { taskTable } from './dynamodb/task-table.ts';
import { taskTokens } from './state-machine.ts';

type Options = {
  readonly dynamo: DynamoDBClient;
  readonly states: SFNClient;
  readonly tables: { readonly tasks: string; readonly queue: string };
  readonly pools: Pools;
  readonly now: Clock;
  readonly grantExpired: SlotDeps['grantExpired'];
};

/** What the functions that take, free and give out the slots of the providers share. */
export const slotDeps = ({
  dynamo,
  states,
  tables,
  pools,
  now,
  grantExpired,
}: Options): SlotDeps => ({
  queue: queueTable(dynamo, tables.queue),
  tasks: taskTable(dynamo, tables.tasks),
  wake: taskTokens(states).finish,
  now,
  uniqueId: randomUUID,
  grantExpired,
  ...pools,
});
