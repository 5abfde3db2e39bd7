import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { executions, starting, taskOf } from '../aws/state-machine.ts';
import { taskTable } from '../aws/task-table.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { count } from '../runtime/metric.ts';
import { bringOn } from '../task/bring-on.ts';
import { executionEnded } from '../task/execution-ended.ts';

const env = readEnv('events/execution-ended');
const tasks = taskTable(new DynamoDBClient(), env.TASK_TABLE);
const states = new SFNClient();
const ended = executionEnded({
  tasks,
  bringOn: bringOn({
    tasks,
    workflow: { ...starting(states, env.WORKFLOW_ARN), ...executions(states, env.WORKFLOW_ARN) },
    now: Date.now,
    exhausted: (taskId) => {
      log('error', 'task.exhausted', { taskId });
      count('ExhaustedTask');
    },
  }),
});

const Event = z.object({ detail: z.object({ name: z.string(), status: z.string() }) });

export const handler = async (event: unknown): Promise<void> => {
  const { name, status } = Event.parse(event).detail;
  const taskId = taskOf(name);
  const rescue = await ended(taskId);
  log('warn', 'execution.ended', { taskId, code: `${status}: ${rescue}` });
  if (rescue === 'restarted') count('DeadExecution');
};
