import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { S3Event } from 'aws-lambda';
import { uploadOf } from '../aws/bucket-keys.ts';
import { starting } from '../aws/state-machine.ts';
import { taskTable } from '../aws/task-table.ts';
import { readEnv } from '../runtime/env.ts';
import { inputUploaded } from '../task/input-uploaded.ts';

const env = readEnv('events/input-uploaded');
const uploaded = inputUploaded({
  tasks: taskTable(new DynamoDBClient(), env.TASK_TABLE),
  workflow: starting(new SFNClient(), env.WORKFLOW_ARN),
});

export const handler = async ({ Records }: S3Event): Promise<void> => {
  const uploads = Records.flatMap(({ s3 }) => uploadOf(s3.object.key) ?? []);
  await Promise.all(uploads.map(({ taskId, index }) => uploaded(taskId, index)));
};
