import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { S3Event } from 'aws-lambda';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { parseUploadKey } from '../adapters/aws/s3/bucket-keys.ts';
import { workflowStarter } from '../adapters/aws/state-machine.ts';
import { inputUploaded } from '../domain/tasks/input-uploaded.ts';
import { readEnv } from '../runtime/env.ts';

const env = readEnv('events/input-uploaded');
const uploaded = inputUploaded({
  tasks: taskTable(new DynamoDBClient(clientConfig), env.TASK_TABLE),
  workflow: workflowStarter(new SFNClient(clientConfig), env.WORKFLOW_ARN),
});

export const handler = async ({ Records }: S3Event): Promise<void> => {
  const uploads = Records.flatMap(({ s3 }) => parseUploadKey(s3.object.key) ?? []);
  await Promise.all(uploads.map(({ taskId, index }) => uploaded(taskId, index)));
};
