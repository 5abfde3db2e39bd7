import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { allow } from './allow.ts';
import { Lambda } from './lambda.ts';
import { metered } from './metrics.ts';
import { allowCallers, callers, memoryMb, type Parts } from './route-parts.ts';

export function createTask(scope: Construct, props: Parts) {
  const { stage, tables, buckets, publicUrl, providers, machine } = props;
  const lambda = new Lambda(scope, 'CreateTask', {
    entry: 'api/create-task',
    environment: {
      ...callers(tables),
      TASK_TABLE: tables.tasks.tableName,
      IDEMPOTENCY_TABLE: tables.idempotency.tableName,
      INPUT_BUCKET: buckets.inputs.bucketName,
      WORKFLOW_ARN: machine.stateMachineArn,
      PUBLIC_URL: publicUrl,
      ...providers.order,
      ...metered,
      LOOPBACK: stage.laptop?.LOOPBACK,
      USUAL_SECONDS: stage.laptop?.USUAL_SECONDS,
    },
    logDays: stage.logDays,
    memoryMb,
  });
  allowCallers(lambda, tables);
  allow(lambda, tables.activity.tableArn, 'dynamodb:GetItem');
  allow(lambda, tables.keys.tableArn, 'dynamodb:UpdateItem');
  allow(lambda, tables.accounts.tableArn, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
  allow(lambda, tables.tasks.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
  allow(lambda, tables.idempotency.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
  allow(lambda, machine.stateMachineArn, 'states:StartExecution');
  // The forms it signs can do what it can.
  allow(lambda, buckets.inputs.arnForObjects('uploads/*'), 's3:PutObject');
  return lambda;
}

export function getTask(scope: Construct, parts: Parts) {
  const lambda = new Lambda(scope, 'GetTask', {
    entry: 'api/get-task',
    environment: answers(parts),
    logDays: parts.stage.logDays,
    memoryMb,
  });
  allowAnswers(lambda, parts, 'dynamodb:GetItem');
  return lambda;
}

export function listTasks(scope: Construct, { stage, tables }: Parts) {
  const lambda = new Lambda(scope, 'ListTasks', {
    entry: 'api/list-tasks',
    environment: {
      ...callers(tables),
      TASK_TABLE: tables.tasks.tableName,
      USUAL_SECONDS: stage.laptop?.USUAL_SECONDS,
    },
    logDays: stage.logDays,
    memoryMb,
  });
  allowCallers(lambda, tables);
  allow(lambda, `${tables.tasks.tableArn}/index/byAccount`, 'dynamodb:Query');
  return lambda;
}

export function batchTasks(scope: Construct, parts: Parts) {
  const lambda = new Lambda(scope, 'BatchTasks', {
    entry: 'api/batch-tasks',
    environment: answers(parts),
    logDays: parts.stage.logDays,
    memoryMb,
  });
  allowAnswers(lambda, parts, 'dynamodb:BatchGetItem');
  return lambda;
}

// Who answers about tasks reads them, and signs the links to their results.
const answers = ({ stage, tables, secrets, publicUrl }: Parts) => ({
  ...callers(tables),
  TASK_TABLE: tables.tasks.tableName,
  SIGNING_SECRET: secrets.signing.secretArn,
  PUBLIC_URL: publicUrl,
  USUAL_SECONDS: stage.laptop?.USUAL_SECONDS,
});

function allowAnswers(lambda: IGrantable, { tables, secrets }: Parts, reading: string): void {
  allowCallers(lambda, tables);
  allow(lambda, tables.tasks.tableArn, reading);
  allow(lambda, secrets.signing.secretArn, 'secretsmanager:GetSecretValue');
}
