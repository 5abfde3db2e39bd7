import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { allow } from './allow.ts';
import { Lambda } from './lambda.ts';
import { allowCallers, callers, memoryMb, type Parts } from './route-parts.ts';
import { cancelTask, providerCallback, redeliverCallback } from './task-deeds.ts';
import { batchTasks, createTask, getTask, listTasks } from './task-functions.ts';

type Open = 'api/openapi' | 'api/health' | 'api/not-found';
type Plain = 'api/get-credits' | 'api/list-models';

/** One function a route, each with exactly what it uses. */
export class ApiFunctions extends Construct {
  readonly createTask: Lambda<'api/create-task'>;
  readonly getTask: Lambda<'api/get-task'>;
  readonly listTasks: Lambda<'api/list-tasks'>;
  readonly batchTasks: Lambda<'api/batch-tasks'>;
  readonly cancelTask: Lambda<'api/cancel-task'>;
  readonly redeliverCallback: Lambda<'api/redeliver-callback'>;
  readonly createFile: Lambda<'api/create-file'>;
  readonly getCredits: Lambda<Plain>;
  readonly listModels: Lambda<Plain>;
  readonly getResult: Lambda<'api/get-result'>;
  readonly providerCallback: Lambda<'api/provider-callback'>;
  readonly openApi: Lambda<Open>;
  readonly health: Lambda<Open>;
  readonly notFound: Lambda<Open>;

  constructor(scope: Construct, id: string, props: Parts) {
    super(scope, id);
    const { logDays } = props.stage;
    this.createTask = createTask(this, props);
    this.getTask = getTask(this, props);
    this.listTasks = listTasks(this, props);
    this.batchTasks = batchTasks(this, props);
    this.cancelTask = cancelTask(this, props);
    this.redeliverCallback = redeliverCallback(this, props);
    this.createFile = createFile(this, props);
    this.getCredits = reader(this, 'GetCredits', 'api/get-credits', props);
    this.listModels = reader(this, 'ListModels', 'api/list-models', props);
    this.getResult = getResult(this, props);
    this.providerCallback = providerCallback(this, props);
    this.openApi = open(this, 'Openapi', 'api/openapi', logDays);
    this.health = open(this, 'Health', 'api/health', logDays);
    this.notFound = open(this, 'NotFound', 'api/not-found', logDays);
  }
}

// Who touches nothing needs nothing.
const open = (scope: Construct, id: string, entry: Open, logDays: RetentionDays) =>
  new Lambda<Open>(scope, id, { entry, environment: {}, logDays });

function createFile(scope: Construct, { stage, tables, buckets, publicUrl }: Parts) {
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

// What finding out who calls reads is all it needs.
function reader(scope: Construct, id: string, entry: Plain, { stage, tables }: Parts) {
  const lambda: Lambda<Plain> = new Lambda(scope, id, {
    entry,
    environment: callers(tables),
    logDays: stage.logDays,
    memoryMb,
  });
  allowCallers(lambda, tables);
  return lambda;
}

function getResult(scope: Construct, { stage, tables, buckets, secrets }: Parts) {
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
