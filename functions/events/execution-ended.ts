import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { taskIdOf } from '../adapters/aws/state-machine.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { executionEnded } from '../domain/tasks/ensure-workflow.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { countTaskMetric } from '../runtime/metric.ts';
import { workflowRecovery } from './workflow-recovery.ts';

const env = readEnv('events/execution-ended');
const tasks = taskTable(new DynamoDBClient(clientConfig), env.TASK_TABLE);
const recover = executionEnded({
  tasks,
  ensureWorkflowRunning: workflowRecovery(tasks, new SFNClient(clientConfig), env.WORKFLOW_ARN),
  restarted: (task) => countTaskMetric(task, metricNames.deadExecution),
});

const Event = z.object({ detail: z.object({ name: z.string(), status: z.string() }) });

export const handler = async (event: unknown): Promise<void> => {
  const { name, status } = Event.parse(event).detail;
  const taskId = taskIdOf(name);
  const end = await recover(taskId);
  log('warn', 'execution.ended', { taskId, code: `${status}: ${end}` });
};
