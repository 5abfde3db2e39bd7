import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { settleTask } from '../domain/tasks/settle-task.ts';
import { SettleInput } from '../domain/tasks/state-inputs.ts';
import { readEnv } from '../runtime/env.ts';
import { step } from '../runtime/step.ts';
import { settlement } from './settlement.ts';

const env = readEnv('workflow/settle-task');
const dynamo = new DynamoDBClient(clientConfig);
const { deps, settled, recordDuration } = settlement(dynamo, env);
const settle = settleTask({ tasks: taskTable(dynamo, env.TASK_TABLE), ...deps });

export const handler = step(SettleInput, async ({ taskId, error }) => {
  const settlement = await settle(taskId, error);
  settled(settlement);
  await recordDuration(settlement);
  return { taskId };
});
