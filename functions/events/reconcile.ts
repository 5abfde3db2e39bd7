import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig, s3ClientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { inputUploads } from '../adapters/aws/s3/input-bucket.ts';
import { taskTokens } from '../adapters/aws/state-machine.ts';
import { taskFunctionStarter } from '../adapters/aws/task-function.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { reconcile, recoveryMetrics } from '../domain/tasks/reconcile.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { countMetric } from '../runtime/metric.ts';
import { workflowRecovery } from './workflow-recovery.ts';

const env = readEnv('events/reconcile');
const tasks = taskTable(new DynamoDBClient(clientConfig), env.TASK_TABLE);
const states = new SFNClient(clientConfig);
const lambda = new LambdaClient(clientConfig);
const run = reconcile({
  tasks,
  inputs: inputUploads(new S3Client(s3ClientConfig), env.INPUT_BUCKET),
  workflow: taskTokens(states),
  ensureWorkflowRunning: workflowRecovery(tasks, states, env.WORKFLOW_ARN),
  deliverCallback: taskFunctionStarter(lambda, env.NOTIFY_FUNCTION),
  deletePictures: taskFunctionStarter(lambda, env.DELETE_PICTURES_FUNCTION),
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
