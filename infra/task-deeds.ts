import type { Construct } from 'constructs';
import { allow } from './allow.ts';
import { Lambda } from './lambda.ts';
import { allowCallers, callers, memoryMb, type Parts } from './route-parts.ts';

export function cancelTask(scope: Construct, { stage, tables, machine }: Parts) {
  const lambda = new Lambda(scope, 'CancelTask', {
    entry: 'api/cancel-task',
    environment: {
      ...callers(tables),
      TASK_TABLE: tables.tasks.tableName,
      WORKFLOW_ARN: machine.stateMachineArn,
      USUAL_SECONDS: stage.laptop?.USUAL_SECONDS,
    },
    logDays: stage.logDays,
    memoryMb,
  });
  allowCallers(lambda, tables);
  allow(lambda, tables.tasks.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  allow(lambda, machine.stateMachineArn, 'states:StartExecution', 'states:SendTaskFailure');
  return lambda;
}

/** Hears the providers, which have no key of ours. */
export function providerCallback(
  scope: Construct,
  { stage, tables, secrets, providers, machine }: Parts,
) {
  const lambda = new Lambda(scope, 'ProviderCallback', {
    entry: 'api/provider-callback',
    environment: {
      TASK_TABLE: tables.tasks.tableName,
      SIGNING_SECRET: secrets.signing.secretArn,
      ...providers.signatures,
    },
    logDays: stage.logDays,
    memoryMb,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:UpdateItem');
  allow(lambda, machine.stateMachineArn, 'states:SendTaskFailure');
  allow(lambda, secrets.signing.secretArn, 'secretsmanager:GetSecretValue');
  return lambda;
}

export function redeliverCallback(scope: Construct, parts: Parts) {
  const { stage, tables, secrets, publicUrl, notifyCaller } = parts;
  const lambda = new Lambda(scope, 'RedeliverCallback', {
    entry: 'api/redeliver-callback',
    environment: {
      ...callers(tables),
      TASK_TABLE: tables.tasks.tableName,
      SIGNING_SECRET: secrets.signing.secretArn,
      PUBLIC_URL: publicUrl,
      NOTIFY_FUNCTION: notifyCaller.functionName,
    },
    logDays: stage.logDays,
    memoryMb,
  });
  allowCallers(lambda, tables);
  allow(lambda, tables.tasks.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  allow(lambda, secrets.signing.secretArn, 'secretsmanager:GetSecretValue');
  allow(lambda, notifyCaller.functionArn, 'lambda:InvokeFunction');
  return lambda;
}
