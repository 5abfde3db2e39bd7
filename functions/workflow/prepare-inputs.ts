import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { inputBucket } from '../aws/input-bucket.ts';
import { taskTable } from '../aws/task-table.ts';
import { inspect } from '../image/inspect.ts';
import { readEnv } from '../runtime/env.ts';
import { step, TaskInput } from '../runtime/step.ts';
import { prepareInputs } from '../task/prepare-inputs.ts';

const env = readEnv('workflow/prepare-inputs');
const prepare = prepareInputs({
  tasks: taskTable(new DynamoDBClient(), env.TASK_TABLE),
  inputs: inputBucket(new S3Client(), env.INPUT_BUCKET, { loopback: env.LOOPBACK === 'allowed' }),
  inspect,
  now: Date.now,
});

export const handler = step(TaskInput, async ({ taskId }) => {
  await prepare(taskId);
  return { taskId };
});
