import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { EventType } from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { ArnFormat, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { allow } from './allow.ts';
import type { Buckets } from './buckets.ts';
import { Lambda } from './lambda.ts';
import { metered } from './metrics.ts';
import type { Stage } from './stage.ts';
import type { Tables } from './tables.ts';

type Props = {
  readonly stage: Stage;
  readonly tables: Tables;
  readonly buckets: Buckets;
  readonly machine: StateMachine;
  readonly notifyCaller: IFunction;
};

/** What starts by itself: an upload arrives, a minute is over, an execution dies, the operator asks for a key. */
export class Triggers extends Construct {
  readonly inputUploaded: Lambda<'events/input-uploaded'>;
  readonly sweep: Lambda<'events/sweep'>;
  readonly executionEnded: Lambda<'events/execution-ended'>;
  readonly issueKey: Lambda<'events/issue-key'>;

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id);
    const { buckets } = props;
    this.inputUploaded = inputUploaded(this, props);
    buckets.inputs.addEventNotification(
      EventType.OBJECT_CREATED,
      new LambdaDestination(this.inputUploaded),
      { prefix: 'uploads/' },
    );
    this.sweep = sweep(this, props);
    new Rule(this, 'EveryMinute', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(this.sweep)],
    });
    this.executionEnded = executionEnded(this, props);
    new Rule(this, 'ExecutionEndedBadly', {
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [props.machine.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [new LambdaFunction(this.executionEnded)],
    });
    this.issueKey = issueKey(this, props);
  }
}

function issueKey(scope: Construct, { stage, tables }: Props) {
  const lambda = new Lambda(scope, 'IssueKey', {
    entry: 'events/issue-key',
    environment: {
      KEY_TABLE: tables.keys.tableName,
      ACCOUNT_TABLE: tables.accounts.tableName,
      IDEMPOTENCY_TABLE: tables.idempotency.tableName,
    },
    logDays: stage.logDays,
  });
  allow(lambda, tables.keys.tableArn, 'dynamodb:PutItem');
  const onAccounts = ['GetItem', 'PutItem', 'UpdateItem'].map((deed) => `dynamodb:${deed}`);
  allow(lambda, tables.accounts.tableArn, ...onAccounts);
  allow(lambda, tables.idempotency.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
  return lambda;
}

function inputUploaded(scope: Construct, { stage, tables, machine }: Props) {
  const lambda = new Lambda(scope, 'InputUploaded', {
    entry: 'events/input-uploaded',
    environment: { TASK_TABLE: tables.tasks.tableName, WORKFLOW_ARN: machine.stateMachineArn },
    logDays: stage.logDays,
    timeoutSeconds: 30,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:UpdateItem');
  allow(lambda, machine.stateMachineArn, 'states:StartExecution');
  return lambda;
}

function sweep(scope: Construct, { stage, tables, machine, notifyCaller }: Props) {
  const lambda = new Lambda(scope, 'Sweep', {
    entry: 'events/sweep',
    environment: {
      TASK_TABLE: tables.tasks.tableName,
      WORKFLOW_ARN: machine.stateMachineArn,
      NOTIFY_FUNCTION: notifyCaller.functionName,
      ...metered,
    },
    logDays: stage.logDays,
    timeoutSeconds: 50,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:UpdateItem');
  allow(lambda, `${tables.tasks.tableArn}/index/due`, 'dynamodb:Query');
  allowBringingOn(lambda, machine);
  allow(lambda, machine.stateMachineArn, 'states:SendTaskFailure'); // wakes what is past its deadline
  allow(lambda, notifyCaller.functionArn, 'lambda:InvokeFunction');
  return lambda;
}

function executionEnded(scope: Construct, { stage, tables, machine }: Props) {
  const lambda = new Lambda(scope, 'ExecutionEnded', {
    entry: 'events/execution-ended',
    environment: {
      TASK_TABLE: tables.tasks.tableName,
      WORKFLOW_ARN: machine.stateMachineArn,
      ...metered,
    },
    logDays: stage.logDays,
    timeoutSeconds: 30,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  allowBringingOn(lambda, machine);
  return lambda;
}

function allowBringingOn(lambda: IGrantable, machine: StateMachine): void {
  allow(lambda, machine.stateMachineArn, 'states:StartExecution');
  allow(lambda, executionsOf(machine), 'states:DescribeExecution');
}

const executionsOf = ({ stack, stateMachineName }: StateMachine): string =>
  stack.formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: `${stateMachineName}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
