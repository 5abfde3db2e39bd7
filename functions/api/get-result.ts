import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { resultLinks } from '../aws/result-bucket.ts';
import { signingKeys } from '../aws/signing-keys.ts';
import { taskTable } from '../aws/task-table.ts';
import { readEnv } from '../runtime/env.ts';
import { openRoute } from '../runtime/http.ts';
import { getResult } from '../task/get-result.ts';

const env = readEnv('api/get-result');
const now = Date.now;
const find = getResult({
  tasks: taskTable(new DynamoDBClient(), env.TASK_TABLE),
  results: resultLinks(new S3Client(), env.RESULT_BUCKET),
  keys: signingKeys(new SecretsManagerClient(), env.SIGNING_SECRET, now),
  now,
});

export const handler = openRoute(async ({ path, query }) => {
  const { task = '', n = '' } = path;
  const { expires = '', signature = '' } = query;
  return {
    status: 302,
    headers: { location: await find({ taskId: task, n, expires, signature }) },
  };
});
