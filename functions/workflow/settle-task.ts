import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { slotDeps } from '../adapters/aws/provider-slots.ts';
import { poolsWith } from '../domain/providers/pools.ts';
import { providerSlots } from '../domain/providers/slots.ts';
import { settleTask } from '../domain/tasks/settle-task.ts';
import { SettleInput } from '../domain/tasks/state-inputs.ts';
import { readEnv } from '../runtime/env.ts';
import { grantExpired, slotNotReleased } from '../runtime/slot-signals.ts';
import { step } from '../runtime/step.ts';
import { settlement } from './settlement.ts';

const env = readEnv('workflow/settle-task');
const dynamo = new DynamoDBClient(clientConfig);
const { deps, settled, recordDuration } = settlement(dynamo, env);
const { release } = providerSlots(
  slotDeps({
    dynamo,
    states: new SFNClient(clientConfig),
    tables: { tasks: env.TASK_TABLE, queue: env.QUEUE_TABLE },
    pools: poolsWith(env.PROVIDER_CAPACITIES),
    now: Date.now,
    grantExpired,
  }),
);
const settle = settleTask({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  releaseSlot: (task) => release(task).catch((cause) => slotNotReleased(task.id, cause)),
  ...deps,
});

export const handler = step(SettleInput, async ({ taskId, error }) => {
  const settlement = await settle(taskId, error);
  settled(settlement);
  await recordDuration(settlement);
  return { taskId };
});
