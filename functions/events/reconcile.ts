import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig, s3ClientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { notifier } from '../adapters/aws/notifier.ts';
import { inputUploads } from '../adapters/aws/s3/input-uploads.ts';
import { taskTokens, workflowExecutions, workflowStarter } from '../adapters/aws/state-machine.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { ensureWorkflowRunning } from '../domain/tasks/ensure-workflow.ts';
import { recoveryMetrics } from '../domain/tasks/metrics.ts';
import { reconcile } from '../domain/tasks/reconcile.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { countMetric } from '../runtime/metric.ts';

const env = readEnv('events/reconcile');
const tasks = taskTable(new DynamoDBClient(clientConfig), env.TASK_TABLE);
const states = new SFNClient(clientConfig);
const workflow = {
  ...workflowStarter(states, env.WORKFLOW_ARN),
  ...workflowExecutions(states, env.WORKFLOW_ARN),
  ...taskTokens(states),
};
const run = reconcile({
  tasks,
  inputs: inputUploads(new S3Client(s3ClientConfig), env.INPUT_BUCKET),
  workflow,
  ensureWorkflowRunning: ensureWorkflowRunning({
    tasks,
    workflow,
    now: Date.now,
    exhausted: (taskId) => {
      log('error', 'task.exhausted', { taskId });
      countMetric(metricNames.exhaustedTask);
    },
  }),
  deliverCallback: notifier(new LambdaClient(clientConfig), env.NOTIFY_FUNCTION),
  now: Date.now,
  recovered: (reason, taskId) => {
    log('warn', 'task.recovered', { taskId, code: reason });
    countMetric(recoveryMetrics[reason]);
  },
  failed: (taskId, cause) => {
    log('error', 'reconcile.failed', { taskId, cause });
    countMetric(metricNames.reconcilerFailure);
  },
});

export const handler = async (): Promise<void> => run();
