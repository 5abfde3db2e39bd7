import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { stateMachine } from '../aws/state-machine.ts';
import { taskTable } from '../aws/task-table.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { sweep } from '../task/sweep.ts';

const env = readEnv('events/sweep');
const run = sweep({
  tasks: taskTable(new DynamoDBClient(), env.TASK_TABLE),
  workflow: stateMachine(new SFNClient(), env.WORKFLOW_ARN),
  now: Date.now,
  failed: (taskId, cause) => log('error', 'sweep.failed', { taskId, cause }),
});

export const handler = async (): Promise<void> => {
  const count = await run();
  if (count > 0) log('warn', 'sweep.started', { count });
};
