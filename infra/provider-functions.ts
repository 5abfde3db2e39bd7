import type { Construct } from 'constructs';
import { allow } from './allow.ts';
import { Lambda } from './lambda.ts';
import { metered } from './metrics.ts';
import type { WorkProps } from './workflow-functions.ts';

// The functions that speak with providers.

export function submitTask(scope: Construct, props: WorkProps) {
  const { stage, tables, buckets, secrets, publicUrl, providers } = props;
  const lambda = new Lambda(scope, 'SubmitTask', {
    entry: 'workflow/submit-task',
    environment: {
      TASK_TABLE: tables.tasks.tableName,
      INPUT_BUCKET: buckets.inputs.bucketName,
      ACTIVITY_TABLE: tables.activity.tableName,
      PROVIDER_SECRET: secrets.providerKeys.secretArn,
      SIGNING_SECRET: secrets.signing.secretArn,
      PUBLIC_URL: publicUrl,
      ...providers.urls,
      ...providers.order,
      USUAL_SECONDS: stage.laptop?.USUAL_SECONDS,
      ...metered,
    },
    logDays: stage.logDays,
    timeoutSeconds: 30,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  allow(lambda, tables.activity.tableArn, 'dynamodb:GetItem');
  // The links it signs can do what it can.
  allow(lambda, buckets.inputs.arnForObjects('prepared/*'), 's3:GetObject');
  const read = [secrets.providerKeys.secretArn, secrets.signing.secretArn];
  allow(lambda, read, 'secretsmanager:GetSecretValue');
  return lambda;
}

export function pollTask(scope: Construct, { stage, tables, secrets, providers }: WorkProps) {
  const lambda = new Lambda(scope, 'PollTask', {
    entry: 'workflow/poll-task',
    environment: {
      TASK_TABLE: tables.tasks.tableName,
      PROVIDER_SECRET: secrets.providerKeys.secretArn,
      ...providers.urls,
    },
    logDays: stage.logDays,
    timeoutSeconds: 20,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:UpdateItem');
  allow(lambda, secrets.providerKeys.secretArn, 'secretsmanager:GetSecretValue');
  return lambda;
}
