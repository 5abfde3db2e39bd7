import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { clientConfig, s3ClientConfig } from '../adapters/aws/client-config.ts';
import { durations } from '../adapters/aws/dynamodb/durations.ts';
import { settlements } from '../adapters/aws/dynamodb/settlements.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { userAgentOf } from '../adapters/aws/s3/download.ts';
import { resultStore } from '../adapters/aws/s3/result-bucket.ts';
import { toCredits } from '../domain/model/money.ts';
import { recordDurationOf } from '../domain/providers/durations.ts';
import { settledMetrics } from '../domain/tasks/metrics.ts';
import { settleTask } from '../domain/tasks/settle-task.ts';
import { SettleInput } from '../domain/tasks/state-inputs.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { emitMetrics } from '../runtime/metric.ts';
import { step } from '../runtime/step.ts';

const env = readEnv('workflow/settle-task');
const dynamo = new DynamoDBClient(clientConfig);
const rules = { allowLoopback: env.ALLOW_LOOPBACK };
const settle = settleTask({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  ledger: settlements(dynamo, {
    accounts: env.ACCOUNT_TABLE,
    keys: env.KEY_TABLE,
    tasks: env.TASK_TABLE,
  }),
  results: resultStore(new S3Client(s3ClientConfig), env.RESULT_BUCKET, {
    rules,
    userAgent: userAgentOf(env.PUBLIC_URL),
  }),
  now: Date.now,
  retentionDays: env.RETENTION_DAYS,
});

const recordDuration = recordDurationOf(
  durations(dynamo, env.ACTIVITY_TABLE, Date.now),
  (taskId, cause) => log('warn', 'duration.not_recorded', { taskId, cause }),
);

export const handler = step(SettleInput, async ({ taskId, error }) => {
  const settlement = await settle(taskId, error);
  emitMetrics(settledMetrics(settlement));
  if (settlement) {
    const { ended } = settlement;
    log('debug', 'task.settled', {
      taskId,
      code: ended.status === 'failed' ? ended.failure.code : undefined,
      count: ended.status === 'completed' ? ended.images.length : 0,
      credits: toCredits(ended.charged),
    });
  }
  await recordDuration(settlement);
  return { taskId };
});
