import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { s3ClientConfig } from '../adapters/aws/client-config.ts';
import { durations } from '../adapters/aws/dynamodb/durations.ts';
import { settlements } from '../adapters/aws/dynamodb/settlements.ts';
import { userAgentOf } from '../adapters/aws/s3/download.ts';
import { resultStore } from '../adapters/aws/s3/result-bucket.ts';
import { pricedModels } from '../domain/model/catalogue.ts';
import { toCredits } from '../domain/model/money.ts';
import type { Settled } from '../domain/model/task.ts';
import { recordDurationOf } from '../domain/providers/durations.ts';
import { settledMetrics } from '../domain/tasks/metrics.ts';
import type { Env } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { emitTaskMetrics } from '../runtime/metric.ts';

/** What the functions that settle tasks share. */
export const settlement = (dynamo: DynamoDBClient, env: Env<'workflow/settle-task'>) => ({
  deps: {
    ledger: settlements(
      dynamo,
      { accounts: env.ACCOUNT_TABLE, keys: env.KEY_TABLE, tasks: env.TASK_TABLE },
      pricedModels(env.MODEL_PRICES),
    ),
    results: resultStore(new S3Client(s3ClientConfig), env.RESULT_BUCKET, {
      rules: { allowLoopback: env.ALLOW_LOOPBACK },
      userAgent: userAgentOf(env.PUBLIC_URL),
      inputBucket: env.INPUT_BUCKET,
    }),
    now: Date.now,
    retentionDays: env.RETENTION_DAYS,
  },
  settled: (settled: Settled | undefined) => {
    if (!settled) return;
    const { ended } = settled;
    emitTaskMetrics(ended, settledMetrics(settled));
    log('debug', 'task.settled', {
      taskId: ended.id,
      code: ended.status === 'failed' ? ended.failure.code : undefined,
      count: ended.status === 'completed' ? ended.images.length : 0,
      credits: toCredits(ended.charged),
    });
  },
  recordDuration: recordDurationOf(
    durations(dynamo, env.ACTIVITY_TABLE, Date.now),
    (taskId, cause) => log('warn', 'duration.not_recorded', { taskId, cause }),
  ),
});
