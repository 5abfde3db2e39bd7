import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { allow } from './allow.ts';
import type { Buckets } from './buckets.ts';
import { Lambda } from './lambda.ts';
import type { Secrets } from './secrets.ts';
import type { Stage } from './stage.ts';
import type { Tables } from './tables.ts';

type Props = {
  readonly stage: Stage;
  readonly tables: Tables;
  readonly buckets: Buckets;
  readonly secrets: Secrets;
  readonly publicUrl: string;
  readonly machine: StateMachine;
};

// The first call of a cold function runs at the share of a processor that its memory buys.
const memoryMb = 1024;

/** One function a route, each with exactly what it uses. */
export class ApiFunctions extends Construct {
  readonly createTask: Lambda<'api/create-task'>;
  readonly getTask: Lambda<'api/get-task'>;
  readonly createFile: Lambda<'api/create-file'>;
  readonly listModels: Lambda<'api/list-models'>;
  readonly getResult: Lambda<'api/get-result'>;
  readonly health: Lambda<'api/health'>;
  readonly notFound: Lambda<'api/not-found'>;

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id);
    const { logDays } = props.stage;
    this.createTask = createTask(this, props);
    this.getTask = getTask(this, props);
    this.createFile = createFile(this, props);
    this.listModels = listModels(this, props);
    this.getResult = getResult(this, props);
    this.health = new Lambda(this, 'Health', { entry: 'api/health', environment: {}, logDays });
    this.notFound = new Lambda(this, 'NotFound', {
      entry: 'api/not-found',
      environment: {},
      logDays,
    });
  }
}

const callers = ({ keys, accounts }: Tables) => ({
  ...{ KEY_TABLE: keys.tableName, ACCOUNT_TABLE: accounts.tableName },
});

function allowCallers(lambda: IGrantable, { keys, accounts }: Tables): void {
  allow(lambda, keys.tableArn, 'dynamodb:GetItem');
  allow(lambda, accounts.tableArn, 'dynamodb:GetItem');
}

function createTask(scope: Construct, props: Props) {
  const { stage, tables, buckets, publicUrl, machine } = props;
  const lambda = new Lambda(scope, 'CreateTask', {
    entry: 'api/create-task',
    environment: {
      ...callers(tables),
      TASK_TABLE: tables.tasks.tableName,
      IDEMPOTENCY_TABLE: tables.idempotency.tableName,
      INPUT_BUCKET: buckets.inputs.bucketName,
      WORKFLOW_ARN: machine.stateMachineArn,
      PUBLIC_URL: publicUrl,
      LOOPBACK: stage.laptop?.LOOPBACK,
      USUAL_SECONDS: stage.laptop?.USUAL_SECONDS,
    },
    logDays: stage.logDays,
    memoryMb,
  });
  allow(lambda, tables.keys.tableArn, 'dynamodb:GetItem');
  allow(
    lambda,
    tables.accounts.tableArn,
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
  );
  allow(lambda, tables.tasks.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
  allow(lambda, tables.idempotency.tableArn, 'dynamodb:PutItem');
  allow(lambda, machine.stateMachineArn, 'states:StartExecution');
  // The forms it signs can do what it can.
  allow(lambda, buckets.inputs.arnForObjects('uploads/*'), 's3:PutObject');
  return lambda;
}

function getTask(scope: Construct, { stage, tables, secrets, publicUrl }: Props) {
  const lambda = new Lambda(scope, 'GetTask', {
    entry: 'api/get-task',
    environment: {
      ...callers(tables),
      TASK_TABLE: tables.tasks.tableName,
      SIGNING_SECRET: secrets.signing.secretArn,
      PUBLIC_URL: publicUrl,
      USUAL_SECONDS: stage.laptop?.USUAL_SECONDS,
    },
    logDays: stage.logDays,
    memoryMb,
  });
  allowCallers(lambda, tables);
  allow(lambda, tables.tasks.tableArn, 'dynamodb:GetItem');
  allow(lambda, secrets.signing.secretArn, 'secretsmanager:GetSecretValue');
  return lambda;
}

function createFile(scope: Construct, { stage, tables, buckets, publicUrl }: Props) {
  const lambda = new Lambda(scope, 'CreateFile', {
    entry: 'api/create-file',
    environment: {
      ...callers(tables),
      INPUT_BUCKET: buckets.inputs.bucketName,
      PUBLIC_URL: publicUrl,
    },
    logDays: stage.logDays,
    memoryMb,
  });
  allowCallers(lambda, tables);
  allow(lambda, buckets.inputs.arnForObjects('files/*'), 's3:PutObject');
  return lambda;
}

function listModels(scope: Construct, { stage, tables }: Props) {
  const lambda = new Lambda(scope, 'ListModels', {
    entry: 'api/list-models',
    environment: callers(tables),
    logDays: stage.logDays,
    memoryMb,
  });
  allowCallers(lambda, tables);
  return lambda;
}

function getResult(scope: Construct, { stage, tables, buckets, secrets }: Props) {
  const lambda = new Lambda(scope, 'GetResult', {
    entry: 'api/get-result',
    environment: {
      TASK_TABLE: tables.tasks.tableName,
      RESULT_BUCKET: buckets.results.bucketName,
      SIGNING_SECRET: secrets.signing.secretArn,
    },
    logDays: stage.logDays,
    memoryMb,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:GetItem');
  allow(lambda, buckets.results.arnForObjects('results/*'), 's3:GetObject');
  allow(lambda, secrets.signing.secretArn, 'secretsmanager:GetSecretValue');
  return lambda;
}
