import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { durations } from '../aws/durations.ts';
import { settlements } from '../aws/ledger.ts';
import { resultStore } from '../aws/result-bucket.ts';
import { taskTable } from '../aws/task-table.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { measure } from '../runtime/metric.ts';
import { step, TaskInput } from '../runtime/step.ts';
import { learnFrom } from '../task/durations.ts';
import { settled } from '../task/measures.ts';
import { CaughtError, settleTask } from '../task/settle-task.ts';

const env = readEnv('workflow/settle-task');
const dynamo = new DynamoDBClient();
const rules = { loopback: env.LOOPBACK === 'allowed' };
const settle = settleTask({
  tasks: taskTable(dynamo, env.TASK_TABLE),
  ledger: settlements(dynamo, {
    accounts: env.ACCOUNT_TABLE,
    keys: env.KEY_TABLE,
    tasks: env.TASK_TABLE,
  }),
  results: resultStore(new S3Client(), env.RESULT_BUCKET, rules),
  now: Date.now,
});

const Input = TaskInput.extend({ error: CaughtError.optional() });

const durationsOf = durations(dynamo, env.ACTIVITY_TABLE, Date.now);
const learn = learnFrom(durationsOf, (taskId, cause) =>
  log('warn', 'learn.failed', { taskId, cause }),
);

export const handler = step(Input, async ({ taskId, error }) => {
  const settlement = await settle(taskId, error);
  measure(settled(settlement));
  await learn(settlement);
  return { taskId };
});
