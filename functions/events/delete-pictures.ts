import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { clientConfig, s3ClientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { taskPictures } from '../adapters/aws/s3/task-pictures.ts';
import { deletePictures } from '../domain/tasks/delete-task.ts';
import { TaskInput } from '../domain/tasks/state-inputs.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';

const env = readEnv('events/delete-pictures');
const run = deletePictures({
  tasks: taskTable(new DynamoDBClient(clientConfig), env.TASK_TABLE),
  pictures: taskPictures(new S3Client(s3ClientConfig), {
    inputs: env.INPUT_BUCKET,
    results: env.RESULT_BUCKET,
  }),
  now: Date.now,
});

// The route that deletes a task and the reconciler invoke this function.
export const handler = async (event: unknown): Promise<void> => {
  const { taskId } = TaskInput.parse(event);
  try {
    await run(taskId);
  } catch (cause) {
    log('error', 'pictures.not_deleted', { taskId, cause });
    throw cause;
  }
};
