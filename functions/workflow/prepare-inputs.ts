import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { clientConfig, s3ClientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { userAgentOf } from '../adapters/aws/s3/download.ts';
import { inputBucket } from '../adapters/aws/s3/input-bucket.ts';
import { inspect } from '../domain/images/inspect.ts';
import { maxInputBytes } from '../domain/model/catalogue.ts';
import { prepareInputs } from '../domain/tasks/prepare-inputs.ts';
import { TaskInput } from '../domain/tasks/state-inputs.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { step } from '../runtime/step.ts';

const env = readEnv('workflow/prepare-inputs');
const prepare = prepareInputs({
  tasks: taskTable(new DynamoDBClient(clientConfig), env.TASK_TABLE),
  inputs: inputBucket(new S3Client(s3ClientConfig), env.INPUT_BUCKET, {
    allowLoopback: env.ALLOW_LOOPBACK,
    maxBytes: maxInputBytes,
    userAgent: userAgentOf(env.PUBLIC_URL),
  }),
  inspect,
  now: Date.now,
  inputRejected: (taskId, cause) =>
    log('info', 'input.rejected', { taskId, code: cause.failure.code, cause }),
});

export const handler = step(TaskInput, async ({ taskId }) => {
  const inputFormats = await prepare(taskId);
  log('debug', 'task.checked', { taskId });
  return { taskId, inputFormats };
});
