import { Construct } from 'constructs';
import { allow } from './allow.ts';
import type { Buckets } from './buckets.ts';
import { Lambda } from './lambda.ts';
import { metered } from './metrics.ts';
import { pollTask, submitTask } from './provider-functions.ts';
import type { Providers } from './providers.ts';
import type { Secrets } from './secrets.ts';
import type { Stage } from './stage.ts';
import type { Tables } from './tables.ts';

export type WorkProps = {
  readonly stage: Stage;
  readonly tables: Tables;
  readonly buckets: Buckets;
  readonly secrets: Secrets;
  readonly publicUrl: string;
  readonly providers: Providers;
};

/** One function a state, each with exactly what it uses. */
export class WorkflowFunctions extends Construct {
  readonly prepareInputs: Lambda<'workflow/prepare-inputs'>;
  readonly submitTask: Lambda<'workflow/submit-task'>;
  readonly awaitProvider: Lambda<'workflow/await-provider'>;
  readonly pollTask: Lambda<'workflow/poll-task'>;
  readonly settleTask: Lambda<'workflow/settle-task'>;
  readonly notifyCaller: Lambda<'workflow/notify-caller'>;

  constructor(scope: Construct, id: string, props: WorkProps) {
    super(scope, id);
    this.prepareInputs = prepareInputs(this, props);
    this.submitTask = submitTask(this, props);
    this.awaitProvider = awaitProvider(this, props);
    this.pollTask = pollTask(this, props);
    this.settleTask = settleTask(this, props);
    this.notifyCaller = notifyCaller(this, props);
  }
}

const loopback = ({ laptop }: Stage) => ({ LOOPBACK: laptop?.LOOPBACK });

function prepareInputs(scope: Construct, { stage, tables, buckets }: WorkProps) {
  const lambda = new Lambda(scope, 'PrepareInputs', {
    entry: 'workflow/prepare-inputs',
    environment: {
      TASK_TABLE: tables.tasks.tableName,
      INPUT_BUCKET: buckets.inputs.bucketName,
      ...loopback(stage),
    },
    logDays: stage.logDays,
    timeoutSeconds: 60,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:UpdateItem');
  const below = (prefix: string) => buckets.inputs.arnForObjects(`${prefix}/*`);
  allow(lambda, ['uploads', 'files', 'prepared'].map(below), 's3:GetObject');
  allow(lambda, below('prepared'), 's3:PutObject');
  allow(lambda, buckets.inputs.bucketArn, 's3:ListBucket'); // or what is missing looks forbidden
  return lambda;
}

function awaitProvider(scope: Construct, { stage, tables }: WorkProps) {
  const lambda = new Lambda(scope, 'AwaitProvider', {
    entry: 'workflow/await-provider',
    environment: { TASK_TABLE: tables.tasks.tableName },
    logDays: stage.logDays,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:UpdateItem');
  return lambda;
}

function settleTask(scope: Construct, { stage, tables, buckets }: WorkProps) {
  const lambda = new Lambda(scope, 'SettleTask', {
    entry: 'workflow/settle-task',
    environment: {
      TASK_TABLE: tables.tasks.tableName,
      ACCOUNT_TABLE: tables.accounts.tableName,
      KEY_TABLE: tables.keys.tableName,
      ACTIVITY_TABLE: tables.activity.tableName,
      RESULT_BUCKET: buckets.results.bucketName,
      ...loopback(stage),
      ...metered,
    },
    logDays: stage.logDays,
    timeoutSeconds: 120,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
  allow(
    lambda,
    tables.accounts.tableArn,
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
  );
  allow(lambda, tables.keys.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  allow(lambda, tables.activity.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  allow(lambda, buckets.results.arnForObjects('results/*'), 's3:GetObject', 's3:PutObject');
  allow(lambda, buckets.results.bucketArn, 's3:ListBucket'); // or what is missing looks forbidden
  return lambda;
}

function notifyCaller(scope: Construct, props: WorkProps) {
  const { stage, tables, secrets, publicUrl } = props;
  const lambda = new Lambda(scope, 'NotifyCaller', {
    entry: 'workflow/notify-caller',
    environment: {
      TASK_TABLE: tables.tasks.tableName,
      ACCOUNT_TABLE: tables.accounts.tableName,
      SIGNING_SECRET: secrets.signing.secretArn,
      PUBLIC_URL: publicUrl,
      CALLBACK_TAIL: stage.callbackTail.join(','),
      ...loopback(stage),
      ...metered,
    },
    logDays: stage.logDays,
    timeoutSeconds: 15,
  });
  // Who has it told again says when; Lambda's own two more tries would come in between.
  lambda.configureAsyncInvoke({ retryAttempts: 0 });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  allow(lambda, tables.accounts.tableArn, 'dynamodb:GetItem');
  allow(lambda, secrets.signing.secretArn, 'secretsmanager:GetSecretValue');
  return lambda;
}
