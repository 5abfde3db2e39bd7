import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig, s3ClientConfig } from '../../adapters/aws/client-config.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import { storedResults } from '../../adapters/aws/s3/result-bucket.ts';
import { secretVersions } from '../../adapters/aws/secret-versions.ts';
import { requestHeaders } from '../../domain/model/http-headers.ts';
import { signingKeys } from '../../domain/model/signing-keys.ts';
import { linkValidForMs } from '../../domain/model/task.ts';
import { getResult } from '../../domain/tasks/get-result.ts';
import { deliveryFor } from '../../domain/wire/deliver-picture.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { route } from './route.ts';

const env = readEnv('api/get-result');
const get = getResult({
  tasks: taskTable(new DynamoDBClient(clientConfig), env.TASK_TABLE),
  results: storedResults(new S3Client(s3ClientConfig), env.RESULT_BUCKET),
  keys: signingKeys({
    readVersions: secretVersions(new SecretsManagerClient(clientConfig), env.SIGNING_SECRET),
    now: Date.now,
    signatureValidForMs: linkValidForMs,
  }),
  now: Date.now,
  retentionDays: env.RETENTION_DAYS,
});

export const handler = serve(route, async ({ params: { task, n }, query, method, headers }) =>
  get({ taskId: task, n, ...query }, deliveryFor(method, headers[requestHeaders.authorization])),
);
